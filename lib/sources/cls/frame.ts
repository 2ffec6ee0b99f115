/**
 * The messages of a pull: each a log group behind a head of 96 bytes, in base64. Layout, all of it big-endian: the official
 * Python consumer (`pulllog_response.py`), and the Go one.
 *
 *     0 version, 130   4 time   12 account   20 logset (36 characters)   56 topic (36)   92 size of the group   96 the group
 */
import { badResponse } from '../../http/failure.ts';
import { type CheckedGroup, checkGroup, type LogGroups, recordsOf } from '../logs/logGroups.ts';
import type { Origin } from '../logs/logRecord.ts';
import { CLS_SCHEMA, millisecondsOf } from './logGroup.ts';

const HEAD_BYTES = 96;
const VERSION = 130;
const TIME_AT = 4;
const SIZE_AT = 92;

export interface Messages extends LogGroups {
  /** When the service received the last one, milliseconds since 1970; undefined if that cannot be told. */
  lastReceivedMs: number | undefined;
}

/**
 * Decodes all messages of a pull into one buffer, of which the records are views; `origin` gives them ids. Throws `SourceError`
 * (`BadResponse`) if any of them is not whole, before any is given out.
 */
export function decodeMessages(
  messages: readonly string[],
  topic: string,
  requestId: string | undefined,
  origin?: Origin,
): Messages {
  const bytes = Buffer.allocUnsafe(
    messages.reduce((sum, text) => sum + Buffer.byteLength(text, 'base64'), 0),
  );
  const groups: CheckedGroup[] = [];
  let start = 0;
  for (const [index, text] of messages.entries()) {
    // What is not base64 is passed over, so less is written than was reckoned with: then the frame is cut off.
    const end = start + bytes.write(text, start, 'base64');
    const wrong = faultOf(bytes.subarray(start, end));
    if (wrong !== undefined) throw badResponse(`message ${index}: ${wrong}`, requestId);
    groups.push(checkGroup({ bytes, at: start + HEAD_BYTES, end }, CLS_SCHEMA, index, topic));
    start = end;
  }
  const last = groups.at(-1);
  const lastReceivedMs = last === undefined ? undefined : timeOf(bytes, last.start - HEAD_BYTES);
  return { ...recordsOf(bytes, groups, CLS_SCHEMA, origin), lastReceivedMs };
}

/** What is wrong with a frame; undefined if nothing is. */
function faultOf(frame: Buffer): string | undefined {
  if (frame.length < HEAD_BYTES) return `${frame.length} bytes are less than a head`;
  const version = frame.readInt32BE(0);
  if (version !== VERSION) return `version ${version} instead of ${VERSION}`;
  const size = frame.readInt32BE(SIZE_AT);
  const rest = frame.length - HEAD_BYTES;
  return size === rest ? undefined : `${size} bytes announced, ${rest} there`;
}

/** Its unit is not documented. */
function timeOf(bytes: Buffer, start: number): number | undefined {
  const time = Number(bytes.readBigInt64BE(start + TIME_AT));
  return time > 0 ? millisecondsOf(time) : undefined;
}
