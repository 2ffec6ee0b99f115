import type { Pending } from '../../group/pending.ts';
import type { TickContext } from '../context.ts';

const OUTAGE_REMEDY =
  'look at what the function writes to: nothing succeeds, so nothing is given up. Once it is well, the group goes on by itself. If it is these records, seek the shard past them';
const BLOCKED_REMEDY =
  'deploy a function that takes these records, or seek the shard past them; SHARDBEAT_ON_POISON: deadLetter would put them aside';
const FULL_REMEDY =
  'redrive dead letters or drop them, or raise SHARDBEAT_DEAD_LETTERS_MAX: there is no room for more';

/** Says aloud, in every tick, that a shard does not get on. `blocked`: it will not by itself. */
export function tellStuck(context: TickContext, shard: string, pending: Pending): 'blocked' | undefined {
  const { settings, logger, meter } = context;
  if (pending.block === undefined) return undefined;
  const { block, firstAt, lastAt, notBefore, message } = pending;
  const told = { shard, records: block, firstAt, lastAt, notBefore, message };
  if (settings.delivery.onPoison === 'block') {
    logger.error('shard.blocked', { ...told, remedy: BLOCKED_REMEDY });
    return 'blocked';
  }
  meter.add('outageShards');
  logger.error('delivery.outage', { ...told, remedy: OUTAGE_REMEDY });
  return undefined;
}

/** The same of one whose dead letters have no room. */
export function tellFull({ logger }: TickContext, shard: string, records: number): 'blocked' {
  logger.error('shard.blocked', { shard, records, remedy: FULL_REMEDY });
  return 'blocked';
}
