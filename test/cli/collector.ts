import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from './runCli.ts';

export interface Collector {
  /** Path of the user's module. */
  module: string;
  /** What it appends every record to, in hex. */
  output: string;
  collected(): string[];
}

/**
 * A module of a user that collects every record it gets.
 *
 * @param before statements that its function runs first
 */
export function createCollector({ directory, file }: Workspace, name: string, before = ''): Collector {
  const output = join(directory, `${name}.out`);
  const module = file(
    `${name}.ts`,
    `import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
     import type { Batch } from '/nowhere/types.ts';
     const output: string = ${JSON.stringify(output)};
     export async function eachBatch(batch: Batch, context: { signal: AbortSignal }): Promise<void> {
       const records = [...batch.records].map((record) => Buffer.from(record.bytes('content')).toString('hex'));
       ${before}
       appendFileSync(output, records.map((record) => record + '\\n').join(''));
     }`,
  );
  return { module, output, collected: () => readFileSync(output, 'utf8').split('\n').slice(0, -1) };
}
