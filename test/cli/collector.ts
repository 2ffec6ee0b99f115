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
    `import { execFileSync } from 'node:child_process';
     import { existsSync } from 'node:fs';
     import type { Batch } from '/nowhere/types.ts';
     const output: string = ${JSON.stringify(output)};
     // A function may write to its temporary files only; other programs may do what they like.
     const append = (file: string, input: string) => execFileSync('sh', ['-c', 'cat >> "$0"', file], { input });
     export async function eachBatch(batch: Batch, context: { signal: AbortSignal }): Promise<void> {
       const records = [...batch.records].map((record) => Buffer.from(record.bytes('content')).toString('hex'));
       ${before}
       append(output, records.map((record) => record + '\\n').join(''));
     }`,
  );
  return { module, output, collected: () => readFileSync(output, 'utf8').split('\n').slice(0, -1) };
}
