import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { SettingsError } from '../../lib/errors.ts';
import { ownVersion } from '../ownVersion.ts';
import { filesOf, type Project } from './project.ts';

/** Names of groups, of stacks and of npm packages begin with a letter, and what is made of one has to fit as well. */
const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Writes a new project; returns what comes next. Throws a SettingsError for a folder that cannot be used. */
export async function writeProject(given: string, source: Project['source']): Promise<string> {
  const directory = resolve(given);
  const name = nameOf(directory, given);
  await refuseUsed(directory, given);
  const files = Object.entries(filesOf({ name, source, version: await ownVersion() }));
  for (const [path, text] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text, { flag: 'wx' });
  }
  const place = relative(process.cwd(), directory) || '.';
  const next = [`cd ${place}`, 'npm install', 'npm start'].join(' && ');
  return `${place}: ${files.map(([path]) => path).join(', ')}\n\n  ${next}\n`;
}

function nameOf(directory: string, given: string): string {
  const name = basename(directory).toLowerCase();
  if (NAME.test(name)) return name;
  const remedy =
    'its name becomes that of service and group: up to 40 letters, digits and hyphens, a letter first';
  throw new SettingsError('DIR', given, remedy);
}

/** Nothing of anybody's is written over. */
async function refuseUsed(directory: string, given: string): Promise<void> {
  const found = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code !== 'ENOTDIR') throw error;
    throw new SettingsError('DIR', given, 'it is a file: name a folder that is new or empty');
  });
  if (found.length > 0)
    throw new SettingsError('DIR', given, 'the folder is not empty: name one that is new or empty');
}
