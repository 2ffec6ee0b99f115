import type { Delivered } from '../../../lib/delivery/delivered.ts';
import { tooMany } from '../../../lib/delivery/returnedWrites.ts';
import type { ItemWrite } from '../../../lib/group/itemWrite.ts';
import { additions } from '../../support/counters.ts';
import type { Counted } from '../observer/counts.ts';

/** A function that counts each record in an item of its own. */
export function counting(shard: string, positions: readonly number[], writesMax: number): Delivered {
  const count = positions.length;
  if (count > writesMax) return { how: 'tooMany', writes: count, error: tooMany(count) };
  const names = positions.map((position) => [`${shard}/${position}`, 1]);
  return { how: 'succeeded', writes: additions(Object.fromEntries(names)) };
}

/** Which one it was. */
export function countedBy({ Update }: ItemWrite): Counted {
  const { pk } = Update!.Key as { pk: { S: string } };
  const [shard = '', position] = pk.S.split('/');
  return { shard, position: Number(position) };
}
