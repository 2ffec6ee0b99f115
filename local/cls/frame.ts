import { Buffer } from 'node:buffer';
import { FRAME_HEAD_BYTES } from './state/partition.ts';

/** What official consumers demand of a frame. */
const VERSION = 130;
/** The account that owns the topic. The local service has one. */
const UIN = 100_000_000_001n;

/**
 * A message as it is pulled: a log group behind a head that says where it is from. Layout, all of it big-endian: the
 * official Python consumer (`pulllog_response.py`), and the Go one. It has room for ids of exactly 36 characters. The unit
 * of the time is not documented: here seconds.
 */
export function frameOf(
  group: Uint8Array,
  { logsetId, topicId, receivedAtSec }: { logsetId: string; topicId: string; receivedAtSec: number },
): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeInt32BE(VERSION, 0);
  head.writeBigInt64BE(BigInt(receivedAtSec), 4);
  head.writeBigInt64BE(UIN, 12);
  head.write(logsetId, 20, 36, 'latin1');
  head.write(topicId, 56, 36, 'latin1');
  head.writeInt32BE(group.byteLength, 92);
  return Buffer.concat([head, group]);
}
