/** `npm run build`: makes of the sources what the two packages hold, in `dist/` and `local/dist/`. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { buildPage } from './buildPage.ts';

const ROOT = import.meta.dirname;
const OUTPUT = join(ROOT, 'dist');
const LOCAL = join(ROOT, 'local');
const LOCAL_OUTPUT = join(LOCAL, 'dist');

/** The library: a file for each source, so that a user's bundler takes what is used, with types and maps. */
function buildLibrary(): void {
  rmSync(OUTPUT, { recursive: true, force: true });
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  // Nobody imports a command or debugs it: its types and maps would be half of what all commands take in the package.
  for (const file of readdirSync(join(OUTPUT, 'cli'), { recursive: true, encoding: 'utf8' })) {
    if (/\.(d\.ts|js\.map)$/.test(file)) rmSync(join(OUTPUT, 'cli', file));
  }
  chmodSync(join(OUTPUT, 'cli/shardbeat.js'), 0o755);
}

/** The local stack: what it uses of the library is part of it, but for the bundler, which is that of the installed library. */
async function buildLocal(): Promise<void> {
  rmSync(LOCAL_OUTPUT, { recursive: true, force: true });
  const common: BuildOptions = {
    bundle: true,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    packages: 'external',
    outdir: LOCAL_OUTPUT,
    logLevel: 'warning',
  };
  const commands = await build({
    ...common,
    entryPoints: [join(LOCAL, 'index.ts')],
    plugins: [installedBundler],
  });
  // These are started or bundled on their own; what both hold twice is little.
  const others = ['local/host/sandboxMain.ts', 'local/run/audit.ts', 'functions/consume/accessLog.ts'];
  const rest = await build({
    ...common,
    entryPoints: others.map((path) => join(ROOT, path)),
    entryNames: '[name]',
  });
  refuseUndeclared([commands.metafile!, rest.metafile!]);
}

const installedBundler: Plugin = {
  name: 'installed-bundler',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/infra\/bundle\.ts$/ }, () => ({ path: 'shardbeat/bundle', external: true }));
  },
};

/** What it imports must be installed with it. */
function refuseUndeclared(
  metafiles: readonly NonNullable<Awaited<ReturnType<typeof build>>['metafile']>[],
): void {
  const manifest = JSON.parse(readFileSync(join(LOCAL, 'package.json'), 'utf8'));
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const imported = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap(({ imports }) => imports),
  );
  const names = imported
    .filter(({ external, path }) => external && !path.startsWith('node:'))
    .map(({ path }) => path);
  const undeclared = names.filter(
    (path) => !declared.some((name) => path === name || path.startsWith(`${name}/`)),
  );
  if (undeclared.length > 0)
    throw new Error(`local/package.json does not name ${[...new Set(undeclared)].join(', ')}`);
}

buildLibrary();
await buildPage(join(OUTPUT, 'cli/console/page'));
await buildLocal();
