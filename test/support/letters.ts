import type { DeadLetter } from '../../lib/delivery/deadLetters/deadLetters.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

/** A dead letter of shard 0 of the group `orders`, unless told otherwise. */
export function letterOf(index: number, given: Partial<DeadLetter> = {}): DeadLetter {
  const { shard = '0' } = given;
  return {
    id: `${shard}/7/${index}`,
    group: 'orders',
    stream: { source: 'sls', project: 'shop', logstore: 'orders' },
    shard,
    from: '7',
    to: '8',
    index,
    recordId: `${shard}/7/${index}`,
    timeMs: 1_763_699_990_000.125,
    topic: 'topic',
    source: '10.0.0.1',
    tags: { host: 'web-1' },
    pairs: [
      [bytes('content'), bytes(`record ${index}`)],
      [bytes('content'), bytes('again')],
      [bytes('raw'), Buffer.from([0, 255, 254, 192])],
    ],
    attempts: 5,
    firstAt: 1_763_699_991_000,
    lastAt: 1_763_699_999_000,
    givenUpAt: 1_763_700_000_000,
    reason: 'failed',
    message: 'Error: no such order',
    functionVersion: '$LATEST',
    ...given,
  };
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
