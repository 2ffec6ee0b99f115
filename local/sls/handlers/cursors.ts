import { json } from '../../service/answer.ts';
import { beginOf, endOf, groupAt, holdsPosition, positionAtTime } from '../../service/log.ts';
import { calledShard, type Handler, requiredQuery } from '../call.ts';
import { refuse } from '../errors.ts';
import { decodeCursor, encodeCursor } from '../state/cursor.ts';
import type { Shard } from '../state/shard.ts';

/** GetCursor: `from` is `begin`, `end`, or seconds since 1970 by the service's clock at receipt. */
export const getCursor: Handler = (call) => {
  const shard = calledShard(call);
  const from = requiredQuery(call, 'from');
  if (from === 'begin') return json({ cursor: encodeCursor(beginOf(shard)) });
  if (from === 'end') return json({ cursor: encodeCursor(endOf(shard)) });
  if (!/^\d{1,12}$/.test(from)) throw refuse.parameterInvalid('parameter From is not valid');
  return json({ cursor: encodeCursor(positionAtTime(shard, Number(from))) });
};

/** GetCursorTime: when the group at a cursor was received, in seconds; the present, where none is yet. */
export const getCursorTime: Handler = (call) => {
  const shard = calledShard(call);
  const position = positionOf(shard, requiredQuery(call, 'cursor'));
  return json({ cursor_time: groupAt(shard, position)?.receivedAtSec ?? Math.floor(call.nowMs / 1000) });
};

/**
 * A cursor's position in a shard. Refuses with ParameterInvalid what is no cursor (as the live service does, by the
 * Java SDK's tests), with InvalidCursor what lies outside of the shard.
 */
export function positionOf(shard: Shard, cursor: string): bigint {
  const position = parsePosition(cursor);
  if (!holdsPosition(shard, position)) throw refuse.invalidCursor(cursor);
  return position;
}

/** A cursor's position in whatever shard. Refuses with ParameterInvalid. */
export function parsePosition(cursor: string): bigint {
  const position = decodeCursor(cursor);
  if (position === undefined) throw refuse.parameterInvalid(`cursor ${cursor} is not valid`);
  return position;
}
