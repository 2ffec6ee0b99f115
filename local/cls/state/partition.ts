import type { KeyRange } from '../../service/keyspace.ts';
import type { Log, StoredGroup } from '../../service/log.ts';

/** A log of messages, each of which is one log group. Positions in it are offsets. */
export interface Partition extends Log {
  readonly id: number;
  status: 'readwrite' | 'readonly';
  /** Smaller, once a partition was added that took a part of it. */
  range: KeyRange;
  readonly createdAtSec: number;
  /** When it became readonly; absent while it is not. */
  closedAtSec?: number;
}

/** What surrounds the log group of a message that is pulled: see frame.ts. */
export const FRAME_HEAD_BYTES = 96;

export function createPartition(id: number, range: KeyRange, firstOffset: bigint, nowMs: number): Partition {
  return {
    id,
    status: 'readwrite',
    range,
    createdAtSec: Math.floor(nowMs / 1000),
    firstPosition: firstOffset,
    groups: [],
  };
}

/** Makes a partition readonly. */
export function closePartition(partition: Partition, nowMs: number): void {
  partition.status = 'readonly';
  partition.closedAtSec = Math.floor(nowMs / 1000);
}

/**
 * Messages from `offset` on and before `before`, of at most so many bytes with their frames: of small messages those are
 * the larger part. One message is read even if it is larger, so that no reader is ever stuck.
 */
export function readMessages(
  { groups, firstPosition }: Partition,
  offset: bigint,
  { before, bytesMax }: { before: bigint; bytesMax: number },
): StoredGroup[] {
  const read: StoredGroup[] = [];
  let bytes = 0;
  for (let index = Number(offset - firstPosition); index < Number(before - firstPosition); index += 1) {
    const group = groups[index]!;
    bytes += group.byteLength + FRAME_HEAD_BYTES;
    if (read.length > 0 && bytes > bytesMax) break;
    read.push(group);
  }
  return read;
}
