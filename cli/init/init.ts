import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { SettingsError } from '../../lib/errors.ts';
import { INIT_HELP, parseInitOptions } from './options.ts';
import { filesOf } from './project.ts';

/** `shardbeat init`: writes a new project and says what comes next. Throws a SettingsError for what cannot be used. */
export async function init(args: readonly string[]): Promise<void> {
  const options = parseInitOptions(args);
  if (options === 'help') {
    process.stdout.write(INIT_HELP);
    return;
  }
  const { directory } = options;
  await refuseUsed(directory, args[0]);
  const files = Object.entries(filesOf({ ...options, version: await ownVersion() }));
  for (const [path, text] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text, { flag: 'wx' });
  }
  const place = relative(process.cwd(), directory) || '.';
  const next = [`cd ${place}`, 'npm install', 'npm start'].join(' && ');
  process.stdout.write(`${place}: ${files.map(([path]) => path).join(', ')}\n\n  ${next}\n`);
}

/** Nothing of anybody's is written over. */
async function refuseUsed(directory: string, given: string | undefined): Promise<void> {
  const found = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code !== 'ENOTDIR') throw error;
    throw new SettingsError('DIR', given, 'it is a file: name a folder that is new or empty');
  });
  if (found.length > 0)
    throw new SettingsError('DIR', given, 'the folder is not empty: name one that is new or empty');
}

/** Of the package that this is part of. */
async function ownVersion(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('shardbeat/package.json');
  return JSON.parse(await readFile(manifest, 'utf8')).version;
}
