/** One log group as it was put, never decoded again. */
export interface StoredGroup {
  /** When the service received it, seconds since 1970; never less than the one before. */
  readonly receivedAtSec: number;
  readonly byteLength: number;
  /** Its protobuf bytes, from wherever they are kept. */
  read(): Uint8Array;
}

/** What a shard or a partition holds. Positions are consecutive: the group at `groups[i]` is at `firstPosition + i`. */
export interface Log {
  /** Position of the oldest group that is kept; grows when groups expire. */
  firstPosition: bigint;
  readonly groups: StoredGroup[];
}

export interface ReadLimits {
  countMax: number;
  /** Soft: one group is read even if it is larger, so that no reader is ever stuck. */
  bytesMax: number;
  /** Read no group at or after this position. */
  before?: bigint;
}

/** A group that is kept in memory only. */
export function inMemory(bytes: Uint8Array, receivedAtSec: number): StoredGroup {
  // A copy: the bytes may be a view into a pooled buffer of the request, which would stay in memory with them.
  const copy = new Uint8Array(bytes);
  return { receivedAtSec, byteLength: copy.byteLength, read: () => copy };
}

/** Position of the oldest group; equal to the end of a log that keeps none. */
export function beginOf(log: Log): bigint {
  return log.firstPosition;
}

/** Position of the next group to be put. */
export function endOf(log: Log): bigint {
  return log.firstPosition + BigInt(log.groups.length);
}

/** The time of a group that is received now. Times never run backwards, so that positions can be searched by time. */
export function receiptTimeSec(log: Log, nowMs: number): number {
  return Math.max(Math.floor(nowMs / 1000), log.groups.at(-1)?.receivedAtSec ?? 0);
}

/** Position of the first group received at or after `unixSec`; the end if there is none. */
export function positionAtTime(log: Log, unixSec: number): bigint {
  return log.firstPosition + BigInt(indexAtTime(log, unixSec));
}

/** Forgets the groups received before `unixSec`, and returns them. */
export function dropBefore(log: Log, unixSec: number): StoredGroup[] {
  const dropped = log.groups.splice(0, indexAtTime(log, unixSec));
  log.firstPosition += BigInt(dropped.length);
  return dropped;
}

function indexAtTime(log: Log, unixSec: number): number {
  let low = 0;
  let high = log.groups.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (log.groups[middle]!.receivedAtSec < unixSec) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a reader may stand at `position`: anywhere from the oldest group kept to the end. */
export function holdsPosition(log: Log, position: bigint): boolean {
  return position >= beginOf(log) && position <= endOf(log);
}

/** The group at a position; undefined at the end. */
export function groupAt(log: Log, position: bigint): StoredGroup | undefined {
  return log.groups[Number(position - log.firstPosition)];
}

/** Groups from `position` on, in order, within the limits. */
export function readGroups(log: Log, position: bigint, limits: ReadLimits): StoredGroup[] {
  const start = Number(position - log.firstPosition);
  const stop = limits.before === undefined ? log.groups.length : Number(limits.before - log.firstPosition);
  const read: StoredGroup[] = [];
  let bytes = 0;
  for (const group of log.groups.slice(start, Math.max(start, Math.min(stop, start + limits.countMax)))) {
    bytes += group.byteLength;
    if (read.length > 0 && bytes > limits.bytesMax) break;
    read.push(group);
  }
  return read;
}
