import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = import.meta.dirname;
const PAGE = join(ROOT, 'cli/console/page');
/** What the page is made of besides itself, so that their licenses go with it. */
const LIBRARIES = ['preact', 'uplot'];

/** The page of the console, in a folder: whoever installs the package installs nothing for it, and it loads nothing from elsewhere. */
export async function buildPage(output: string): Promise<void> {
  await build({
    entryPoints: ['main.tsx', 'main.css', 'index.html', 'icon.svg'].map((file) => join(PAGE, file)),
    outdir: output,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['chrome120', 'firefox121', 'safari17.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.html': 'copy', '.svg': 'copy' },
    legalComments: 'none',
    logLevel: 'warning',
  });
  const licenses = LIBRARIES.map((name) => {
    const text = readFileSync(join(ROOT, 'node_modules', name, 'LICENSE'), 'utf8');
    return `Part of main.js is ${name}:\n\n${text.trim()}\n`;
  });
  writeFileSync(join(output, 'licenses.txt'), licenses.join('\n\n'));
}
