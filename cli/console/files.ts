/** The page itself: the few files that were built of cli/console/page, in memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface PageFile {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** By the paths under which the browser asks for them; nothing else is there. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

const UNBUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Shardbeat</title>
<p>The page has not been built. Run <code>npm run build</code>, and start this again.</p>
</html>
`;

/** In the repository, too, where the sources run as they are, the page is what was last built of them. */
const folder = (): string =>
  extname(import.meta.filename) === '.ts'
    ? join(import.meta.dirname, '../../dist/cli/console/page')
    : join(import.meta.dirname, 'page');

/** Where the page was not built, one that says so. */
export function readPage(directory = folder()): PageFiles {
  const unbuilt = [['/', { type: TYPES['.html']!, body: UNBUILT }]] as const;
  return new Map([...unbuilt, ...filesIn(directory)]);
}

function filesIn(directory: string): (readonly [path: string, file: PageFile])[] {
  return namesIn(directory).flatMap((name) => {
    const type = TYPES[extname(name)];
    if (type === undefined) return [];
    const body = readFileSync(join(directory, name));
    return [[name === 'index.html' ? '/' : `/${name}`, { type, body }] as const];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
