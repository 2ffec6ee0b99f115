/**
 * `npm run assemble`: makes of lib/sources/logs/blocks.wat, which people read, the bytes that are run, as a module of TypeScript. A test
 * holds the one against the other.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import loadWabt from 'wabt';

const SOURCE = new URL('lib/sources/logs/blocks.wat', import.meta.url);
export const TARGET = new URL('lib/sources/logs/blocksWasm.ts', import.meta.url);

/** What the target has to hold. */
export async function assembled(): Promise<string> {
  const wabt = await loadWabt();
  const module = wabt.parseWat('blocks.wat', readFileSync(SOURCE, 'utf8'), { simd: true, bulk_memory: true });
  const { buffer } = module.toBinary({});
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,100}/g) ?? [];
  return [
    '/** blocks.wat, assembled by `npm run assemble`: in base64, so that it is in the bundle. */',
    'export const BLOCKS_WASM =',
    `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}

if (import.meta.main) writeFileSync(TARGET, await assembled());
