import { Buffer } from 'node:buffer';
import type { Bench, TestAnswer } from './support.ts';

/** A request with a JSON body. */
export function json(
  bench: Pick<Bench, 'call'>,
  method: string,
  path: string,
  body: unknown,
  query: Record<string, string> = {},
): Promise<TestAnswer> {
  return bench.call({
    method,
    path,
    query,
    body: Buffer.from(JSON.stringify(body)),
    headers: { 'content-type': 'application/json' },
  });
}
