import { json } from '../../service/answer.ts';
import { calledLogstore, type Handler, jsonObject, pageOf } from '../call.ts';
import { refuse } from '../errors.ts';
import { DONE } from '../http.ts';
import { configureLogstore, type LogstoreSettings } from '../state/logstore.ts';
import { addLogstore, projectOf, removeLogstore } from '../state/state.ts';

/** Without a `size`. */
const LIST_SIZE = 500;
const MAX_SPLIT_SHARD = 64;

/** CreateLogStore: body `{ logstoreName, ttl (days), shardCount, … }`. */
export const createLogStore: Handler = (call) => {
  const project = projectOf(call.state, call.request.project);
  const body = jsonObject(call);
  const settings = {
    ttlDays: Number(body.ttl),
    shardCount: Number(body.shardCount),
    autoSplit: body.autoSplit === true,
    maxSplitShard: Number(body.maxSplitShard ?? MAX_SPLIT_SHARD),
    enableTracking: body.enable_tracking === true,
    appendMeta: body.appendMeta === true,
  };
  call.quotas.admitLogstore(project, settings.shardCount);
  addLogstore(call.state, project, String(body.logstoreName ?? ''), settings, call.nowMs);
  return DONE;
};

/**
 * UpdateLogStore: body `{ logstoreName, ttl (days), … }`. A changed ttl holds for the groups that are there as well; those
 * that expired before do not come back. The number of shards stays: the API changes it by splits and merges only.
 */
export const updateLogStore: Handler = (call) => {
  const logstore = calledLogstore(call);
  const body = jsonObject(call);
  if (body.logstoreName !== undefined && body.logstoreName !== logstore.name) {
    throw refuse.logstoreInfoInvalid(`logstore name ${String(body.logstoreName)} is invalid`);
  }
  // SDKs send null for what they were not told.
  const { settings } = logstore;
  const changed: LogstoreSettings = {
    ttlDays: Number(body.ttl ?? settings.ttlDays),
    shardCount: settings.shardCount,
    autoSplit: (body.autoSplit ?? settings.autoSplit) === true,
    maxSplitShard: Number(body.maxSplitShard ?? settings.maxSplitShard),
    enableTracking: (body.enable_tracking ?? settings.enableTracking) === true,
    appendMeta: (body.appendMeta ?? settings.appendMeta) === true,
  };
  configureLogstore(logstore, changed, call.nowMs);
  call.state.storage.saveLogstore(logstore);
  return DONE;
};

/** DeleteLogStore: with its shards, log groups and consumer groups. */
export const deleteLogStore: Handler = (call) => {
  removeLogstore(call.state, call.request.project, call.parameters.logstore ?? '');
  return DONE;
};

/** GetLogStore. The same path with a type is GetLogs and GetHistograms, which need an index. */
export const getLogStore: Handler = (call) => {
  if (call.request.query.type !== undefined) {
    throw refuse.notSupported('The local service has no index to query: pull logs from the shards.');
  }
  const { name, settings, createdAtSec, modifiedAtSec } = calledLogstore(call);
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
    lastModifyTime: modifiedAtSec,
  });
};

/** ListLogStores: `logstoreName` filters by part of the name, `offset` and `size` page. */
export const listLogStores: Handler = (call) => {
  const { query } = call.request;
  const names = [...projectOf(call.state, call.request.project).logstores.keys()]
    .filter((name) => name.includes(query.logstoreName ?? ''))
    .sort();
  const page = pageOf(call, names, LIST_SIZE);
  return json({ count: page.length, total: names.length, logstores: page });
};
