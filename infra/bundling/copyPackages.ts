import { cp, readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { SettingsError } from '../../lib/errors.ts';
import { directoryOf, findPackage, type Manifest, readManifest } from './packages.ts';
import type { Target } from './target.ts';

interface Shipment {
  /** Folder in which the user's module is: from there, named packages are looked for. */
  from: string;
  names: readonly string[];
  /** Folders of packages besides. */
  needing: ReadonlySet<string>;
  target: Target;
  directory: string;
}

/**
 * Copies packages as they are installed, with all that they depend on, into `node_modules` of the archive. Throws a SettingsError
 * for one that is not installed, not for the target, or wanted in two versions at the same place.
 */
export async function copyPackages({
  from,
  names,
  needing,
  target,
  directory,
}: Shipment): Promise<{ names: string[]; files: string[] }> {
  const roots = [...needing, ...names.map((name) => named(name, from))].sort();
  const places = placesOf(roots, target);
  const files: string[] = [];
  for (const [place, source] of places) {
    const isOwn = (path: string): boolean => !relative(source, path).split(sep).includes('node_modules');
    await cp(source, join(directory, place), { recursive: true, dereference: true, filter: isOwn });
    for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isDirectory() && isOwn(path))
        files.push([place, relative(source, path)].join('/').split(sep).join('/'));
    }
  }
  return { names: roots.map((root) => readManifest(root).name ?? basename(root)), files };
}

function named(name: string, from: string): string {
  const found = findPackage(name, from);
  if (found !== undefined) return found;
  throw new SettingsError('external', name, 'it is not installed: run npm install');
}

/** Where in the archive which folder goes: at its root, or within the package that needs another version. */
function placesOf(roots: readonly string[], target: Target): Map<string, string> {
  const places = new Map<string, string>();
  const queue: { source: string; place: string }[] = [];
  const put = (source: string, place: string): void => {
    places.set(place, source);
    queue.push({ source, place });
  };
  for (const source of roots) {
    const place = `node_modules/${nameOf(source)}`;
    const other = places.get(place);
    if (other === source) continue;
    if (other !== undefined) {
      const remedy = `it is installed twice, in ${other} and ${source}, and both cannot be bundled: run npm dedupe`;
      throw new SettingsError('external', nameOf(source), remedy);
    }
    put(source, place);
  }
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const source of dependenciesOf(next.source, target)) {
      const atRoot = `node_modules/${nameOf(source)}`;
      if (!places.has(atRoot)) put(source, atRoot);
      else if (places.get(atRoot) !== source && !isBelow(next.place, source, places)) {
        put(source, `${next.place}/${atRoot}`);
      }
    }
  }
  return places;
}

/** Whether it stands already where Node would look for it first, from `place`. */
function isBelow(place: string, source: string, places: ReadonlyMap<string, string>): boolean {
  for (
    let at = place;
    at.includes('/node_modules/') || at === place;
    at = at.slice(0, at.lastIndexOf('/node_modules/'))
  ) {
    if (places.get(`${at}/node_modules/${nameOf(source)}`) === source) return true;
    if (!at.includes('/node_modules/')) return false;
  }
  return false;
}

/** The name under which it is imported, which an alias makes another than that of its `package.json`. */
function nameOf(source: string): string {
  const directory = directoryOf(source);
  const name =
    directory?.split(/[\\/]node_modules[\\/]/).at(-1) ?? readManifest(source).name ?? basename(source);
  return name.split(sep).join('/');
}

function dependenciesOf(source: string, target: Target): string[] {
  const manifest = readManifest(source);
  const found: string[] = [];
  const optional = new Set(Object.keys(manifest.optionalDependencies ?? {}));
  const isOptional = (name: string): boolean =>
    optional.has(name) || name in (manifest.peerDependencies ?? {});
  let forOthers = 0;
  let forTarget = 0;
  for (const name of dependencyNames(manifest)) {
    const directory = findPackage(name, source);
    if (directory === undefined) {
      if (isOptional(name)) continue;
      throw new SettingsError(
        'external',
        name,
        `${manifest.name} needs it, and it is not installed: run npm install`,
      );
    }
    const dependency = readManifest(directory);
    const isNative = optional.has(name) && (dependency.cpu ?? dependency.os) !== undefined;
    if (!isNative || fits(dependency, target)) found.push(directory);
    if (isNative) fits(dependency, target) ? forTarget++ : forOthers++;
  }
  if (forOthers > 0 && forTarget === 0) throw forAnother(manifest.name ?? source, target);
  return found;
}

const dependencyNames = ({ dependencies, optionalDependencies, peerDependencies }: Manifest): Set<string> =>
  new Set(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }));

/** As npm names processors and systems. Which C library this machine has, npm knew; Lambda has glibc. */
function fits({ cpu, os, libc }: Manifest, { architecture, system }: Target): boolean {
  const among = (list: readonly string[] | undefined, value: string): boolean =>
    list === undefined ||
    (!list.includes(`!${value}`) && (list.includes(value) || list.every((entry) => entry.startsWith('!'))));
  return among(cpu, npmName(architecture)) && among(os, system) && among(libc, 'glibc');
}

const npmName = (architecture: Target['architecture']): string =>
  architecture === 'arm64' ? 'arm64' : 'x64';

function forAnother(name: string, { architecture, system }: Target): SettingsError {
  const cpu = npmName(architecture);
  const remedy = `its native addon is not installed for the function, which runs on ${system} and ${architecture}: run npm install --no-save --os=${system} --cpu=${cpu} ${name}`;
  return new SettingsError('external', name, remedy);
}
