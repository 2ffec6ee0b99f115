import { type Call, calledLogstore, type Handler, requiredQuery } from '../call.ts';
import { BODY_BYTES_MAX, decompress, isCompression } from '../codec.ts';
import { refuse } from '../errors.ts';
import { DONE } from '../http.ts';
import { countLogs } from '../logGroup.ts';
import { type Logstore, shardForKey } from '../state/logstore.ts';
import type { Shard } from '../state/shard.ts';
import { projectOf, store } from '../state/state.ts';

/** `x-log-mode` of a put whose body is many log groups, each compressed on its own. */
const PACKAGE_LIST = 'batch_group';

/** PutLogs, load-balanced: here in turn over the readwrite shards, so that a test knows where a group goes. */
export const putLogs: Handler = (call) => {
  const logstore = calledLogstore(call);
  put(call, logstore);
  return DONE;
};

/** PutLogs by hash key: `key` is a hex MD5. */
export const putLogsByKey: Handler = (call) => {
  const logstore = calledLogstore(call);
  const shard = shardForKey(logstore, requiredQuery(call, 'key'));
  put(call, logstore, shard);
  return DONE;
};

/** Takes a turn only for a group that is going to be kept. A group without logs is accepted and leaves no trace. */
function put(call: Call, logstore: Logstore, shard?: Shard): void {
  if (call.request.query.processor !== undefined) {
    throw refuse.notSupported('The local service has no ingest processors.');
  }
  if (call.request.headers['x-log-mode'] === PACKAGE_LIST) {
    throw refuse.notSupported('The local service takes one log group a put: leave out x-log-mode.');
  }
  const group = rawLogGroup(call);
  if (countLogs(group) === 0) return;
  const project = projectOf(call.state, logstore.project);
  const into = { project, logstore, ...(shard && { shard }) };
  const chosen = call.quotas.admitWrite(into, group.byteLength, call.nowMs);
  store(call.state, logstore, chosen, group, call.nowMs);
}

/** The body before compression, which is one LogGroup. */
function rawLogGroup(call: Call): Uint8Array {
  const { headers, body } = call.request;
  const type = headers['content-type'] ?? '';
  if (/^application\/json\b/.test(type)) {
    throw refuse.notSupported('The local service takes log groups as protobuf only, not as JSON.');
  }
  if (type !== 'application/x-protobuf') throw refuse.invalidContentType(type);

  const sizeText = headers['x-log-bodyrawsize'];
  if (sizeText === undefined) throw refuse.missingHeader('x-log-bodyrawsize');
  if (!/^\d{1,12}$/.test(sizeText)) throw refuse.invalidHeader('x-log-bodyrawsize', sizeText);
  const rawSize = Number(sizeText);
  if (rawSize > BODY_BYTES_MAX) throw refuse.bodyTooLarge(rawSize, BODY_BYTES_MAX);

  const compression = headers['x-log-compresstype'] ?? '';
  if (compression === '') {
    if (rawSize !== body.byteLength) throw refuse.invalidHeader('x-log-bodyrawsize', sizeText);
    return body;
  }
  if (!isCompression(compression)) throw refuse.invalidHeader('x-log-compresstype', compression);
  return decompress(body, compression, rawSize);
}
