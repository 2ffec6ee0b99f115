/** The event that has the function ask the log service for an operator: `{ "operate": { "lag": {} } }`. */
import { SettingsError } from '../errors.ts';
import type { Position } from '../sources/source.ts';
import { parsePosition } from './position.ts';
import { isObject, type ReplayEvent, readReplay } from './replay.ts';

/** What an operator sends, who then needs no key of the log service: the function answers with the lag of the group, or seeks. */
export interface OperateEvent {
  operate:
    | { lag: Record<string, never> }
    /** `shard`: its id, or `all`. `to`: `begin`, `end`, or a time. `dryRun`: only tells what would be. */
    | { seek: { shard: string; to: string; dryRun?: boolean } }
    /** A range of the past is read again, by many such events: the command line sends them. */
    | { replay: ReplayEvent };
}

/** The event, understood. */
export type Operation =
  | { name: 'lag' }
  | { name: 'seek'; shard: string; to: Position; dryRun: boolean }
  | { name: 'replay'; event: ReplayEvent };

const EXAMPLES = '{"operate": {"lag": {}}} or {"operate": {"seek": {"shard": "all", "to": "end"}}}';

/** Undefined for the event of a tick. Throws a SettingsError for one that cannot be understood. */
export function readOperation(event: unknown): Operation | undefined {
  if (!isObject(event) || !('operate' in event)) return undefined;
  const { operate, ...others } = event;
  if ('slot' in others) {
    throw new SettingsError('event.slot', others.slot, 'leave it out: an operation is of no slot');
  }
  const [name, ...more] = isObject(operate) ? Object.keys(operate) : [];
  if (isObject(operate) && more.length === 0) {
    if (name === 'lag') return { name };
    if (name === 'seek' && isObject(operate.seek)) return { name, ...readSeek(operate.seek) };
    if (name === 'replay' && isObject(operate.replay)) return { name, event: readReplay(operate.replay) };
  }
  throw new SettingsError('event.operate', operate, `write ${EXAMPLES}`);
}

function readSeek({ shard, to, dryRun = false, ...others }: Record<string, unknown>) {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new SettingsError(
      'event.operate.seek',
      unknown,
      'there is no such field: it has shard, to, dryRun',
    );
  }
  if (typeof shard !== 'string' || shard === '') {
    throw new SettingsError('event.operate.seek.shard', shard, 'write the id of a shard, or all');
  }
  if (typeof dryRun !== 'boolean') {
    throw new SettingsError('event.operate.seek.dryRun', dryRun, 'write true or false, or leave it out');
  }
  return { shard, to: parsePosition('event.operate.seek.to', typeof to === 'string' ? to : ''), dryRun };
}
