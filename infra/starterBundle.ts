import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { BUNDLED, writeWhole } from './bundle.ts';
import { LIBRARY, resolution, STACKS, STARTER } from './bundling/resolution.ts';
import type { Target } from './bundling/target.ts';

/** As Lambda is told it. */
export const STARTER_HANDLER = 'handler.handler';

/** Puts the function that starts the slots into a directory: it has nothing of the user's. Answers with the names of the files. */
export async function bundleStarter(directory: string, { nodeMajor }: Target): Promise<string[]> {
  const entry = `import ${JSON.stringify(STACKS)};\nimport { starter } from ${JSON.stringify(STARTER)};\nexport const handler = starter();\n`;
  const { outputFiles } = await build({
    ...BUNDLED,
    target: `node${nodeMajor}`,
    outfile: join(directory, 'handler.mjs'),
    stdin: { contents: entry, resolveDir: dirname(LIBRARY), sourcefile: 'entry.mjs', loader: 'js' },
    plugins: [resolution({ external: [], needing: new Set(), usesClient: false })],
  });
  await writeWhole(outputFiles);
  return ['handler.mjs', 'handler.mjs.map'];
}
