import { calledLogstore, type Handler, jsonObject } from '../call.ts';
import { refuse } from '../errors.ts';
import { DONE, json } from '../http.ts';
import { addLogstore, projectOf } from '../state/state.ts';

const LIST_SIZE_MAX = 500;

/** CreateLogStore: body `{ logstoreName, ttl (days), shardCount, … }`. */
export const createLogStore: Handler = (call) => {
  const project = projectOf(call.state, call.request.project);
  const body = jsonObject(call);
  const settings = {
    ttlDays: Number(body.ttl),
    shardCount: Number(body.shardCount),
    autoSplit: body.autoSplit === true,
    maxSplitShard: Number(body.maxSplitShard ?? 64),
    enableTracking: body.enable_tracking === true,
    appendMeta: body.appendMeta === true,
  };
  addLogstore(project, String(body.logstoreName ?? ''), settings, call.nowMs);
  return DONE;
};

/** GetLogStore. The same path with a type is GetLogs and GetHistograms, which need an index. */
export const getLogStore: Handler = (call) => {
  if (call.request.query.type !== undefined) {
    throw refuse.notSupported('The local service has no index to query: pull logs from the shards.');
  }
  const { name, settings, createdAtSec } = calledLogstore(call);
  return json({
    logstoreName: name,
    ttl: settings.ttlDays,
    shardCount: settings.shardCount,
    autoSplit: settings.autoSplit,
    maxSplitShard: settings.maxSplitShard,
    enable_tracking: settings.enableTracking,
    appendMeta: settings.appendMeta,
    telemetryType: '',
    mode: 'standard',
    createTime: createdAtSec,
    lastModifyTime: createdAtSec,
  });
};

/** ListLogStores: `logstoreName` filters by part of the name, `offset` and `size` page. */
export const listLogStores: Handler = (call) => {
  const { query } = call.request;
  const names = [...projectOf(call.state, call.request.project).logstores.keys()]
    .filter((name) => name.includes(query.logstoreName ?? ''))
    .sort();
  const offset = pageNumber('offset', query.offset, 0);
  const size = Math.min(pageNumber('size', query.size, LIST_SIZE_MAX), LIST_SIZE_MAX);
  const page = names.slice(offset, offset + size);
  return json({ count: page.length, total: names.length, logstores: page });
};

/** The Node SDK sends parameters that it was not given as empty ones. */
function pageNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined || text === '') return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw refuse.parameterInvalid(`parameter ${name} : ${text} is invalid`);
  return Number(text);
}
