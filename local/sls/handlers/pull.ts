import { Buffer } from 'node:buffer';
import type { Answer } from '../../service/answer.ts';
import { endOf, readGroups, type StoredGroup } from '../../service/log.ts';
import { type Call, calledShard, type Handler, requiredQuery } from '../call.ts';
import { acceptedCompression, compress } from '../codec.ts';
import { refuse } from '../errors.ts';
import { countLogs } from '../logGroup.ts';
import { encodeCursor } from '../state/cursor.ts';
import { projectOf } from '../state/state.ts';
import { parsePosition, positionOf } from './cursors.ts';

/** API reference, PullLogs: `count` is 1 to 1000 log groups. */
const COUNT_MAX = 1000;
/** Of one answer, before compression. The API has no documented limit; the Java SDK reserves 20 MB for one. */
const ANSWER_BYTES_MAX = 10 * 1024 * 1024;
/** The query that lets every log pass, as it stands before the first `|` of SPL. */
const EVERYTHING = '*';

/**
 * PullLogs: log groups from `cursor` (inclusive) to `end_cursor` (exclusive), at most `count`. Of SPL (`query`, with
 * `pullMode=scan_on_stream` or without) only the query for everything is understood; the rest is refused, rather than
 * answered with logs that the live service would have left out.
 */
export const pullLogs: Handler = (call) => {
  const { query } = call.request;
  checkFilter(query);
  const shard = calledShard(call);
  const project = projectOf(call.state, call.request.project);
  const position = positionOf(shard, requiredQuery(call, 'cursor'));
  const before = query.end_cursor ? { before: parsePosition(query.end_cursor) } : {};
  const groups = readGroups(shard, position, {
    countMax: countMax(call),
    bytesMax: ANSWER_BYTES_MAX,
    ...before,
  });
  const bytes = groups.reduce((sum, { byteLength }) => sum + byteLength, 0);
  call.quotas.admitRead(project, shard, bytes, call.nowMs);

  const next = position + BigInt(groups.length);
  const headers: Record<string, string> = {
    'content-type': 'application/x-protobuf',
    'x-log-cursor': encodeCursor(next),
    'x-log-count': String(groups.length),
    'x-log-end-of-cursor': next === endOf(shard) ? '1' : '0',
  };
  // An answer without log groups has neither.
  const last = groups.at(-1);
  if (last) {
    headers['x-log-cursor-time'] = String(last.receivedAtSec);
    headers['x-log-read-last-cursor'] = String(next - 1n);
  }
  if (query.query) Object.assign(headers, queryHeaders(groups, bytes));
  return withBody(headers, logGroupList(groups), call.request.headers['accept-encoding']);
};

function checkFilter(query: Readonly<Record<string, string>>): void {
  const unsupported = ['queryId', 'processor'].find((name) => query[name]);
  if (unsupported) throw refuse.notSupported(`The local service cannot filter: leave out ${unsupported}.`);
  if (query.query && query.query.trim() !== EVERYTHING) {
    throw refuse.notSupported(`The local service cannot run SPL: leave out query, or write ${EVERYTHING}.`);
  }
}

/** With a query the Go and Rust SDKs read how much there was before and after it. */
function queryHeaders(groups: readonly StoredGroup[], bytes: number): Record<string, string> {
  const logs = String(groups.reduce((sum, group) => sum + countLogs(group.read()), 0));
  return {
    'x-log-rawdatasize': String(bytes),
    'x-log-rawdatacount': String(groups.length),
    'x-log-rawdatalines': logs,
    'x-log-resultlines': logs,
    'x-log-failedlines': '0',
  };
}

function countMax(call: Call): number {
  const text = requiredQuery(call, 'count');
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > COUNT_MAX) throw refuse.parameterInvalid(`parameter count : ${text} is invalid`);
  return count;
}

/**
 * An empty answer has no body at all, whatever compression was asked for: SDKs do not decompress a raw size of 0. It
 * names the compression all the same: the Go SDK takes an answer that does not for a failure.
 */
function withBody(headers: Record<string, string>, raw: Uint8Array, accept: string | undefined): Answer {
  const compression = acceptedCompression(accept);
  if (compression) headers['x-log-compresstype'] = compression;
  headers['x-log-bodyrawsize'] = String(raw.byteLength);
  const body = compression && raw.byteLength > 0 ? compress(raw, compression) : raw;
  return { status: 200, headers, body };
}

/** A LogGroupList: each group as field 1, its bytes as they were put. */
function logGroupList(groups: readonly StoredGroup[]): Uint8Array {
  return Buffer.concat(groups.flatMap((group) => [fieldHead(group.byteLength), group.read()]));
}

function fieldHead(length: number): Uint8Array {
  const head = [0x0a];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest % 0x80) + 0x80);
  head.push(rest);
  return Uint8Array.from(head);
}
