import { json } from '../../service/answer.ts';
import { type Call, calledLogstore, type Handler, jsonBody, jsonObject, requiredQuery } from '../call.ts';
import { refuse } from '../errors.ts';
import { commit } from '../group/checkpoint.ts';
import { type ConsumerGroup, configure, createGroup, refresh } from '../group/group.ts';
import { heartbeat } from '../group/heartbeat.ts';
import { DONE } from '../http.ts';
import type { Logstore } from '../state/logstore.ts';

const NAME_LENGTH_MAX = 128;
const TIMEOUT_SEC_MAX = 2 ** 32 - 1;

/** CreateConsumerGroup: body `{ consumerGroup, timeout (seconds), order }`, all of it required. */
export const createConsumerGroup: Handler = (call) => {
  const logstore = calledLogstore(call);
  const { consumerGroup: name, ...body } = jsonObject(call);
  const { timeoutSec, order } = settingsOf(body);
  if (typeof name !== 'string' || name === '' || name.length > NAME_LENGTH_MAX) throw refuse.groupInvalid();
  if (timeoutSec === undefined || order === undefined) throw refuse.groupInvalid();
  if (logstore.groups.has(name)) throw refuse.groupAlreadyExist();
  call.quotas.admitGroup(logstore);
  const group = createGroup(name, timeoutSec, order);
  refresh(group, logstore.shards, call.nowMs);
  logstore.groups.set(name, group);
  call.state.storage.saveGroup(logstore, group);
  return DONE;
};

/** UpdateConsumerGroup: any part of `{ timeout, order }`. */
export const updateConsumerGroup: Handler = (call) => {
  const { logstore, group } = calledGroup(call);
  configure(group, settingsOf(jsonObject(call)));
  call.state.storage.saveGroup(logstore, group);
  return DONE;
};

export const deleteConsumerGroup: Handler = (call) => {
  const { logstore, group } = calledGroup(call);
  logstore.groups.delete(group.name);
  call.state.storage.deleteGroup(logstore, group);
  return DONE;
};

/** ListConsumerGroup: a bare array, in which the group's name is called `name`. */
export const listConsumerGroups: Handler = (call) =>
  json(
    [...calledLogstore(call).groups.values()].map(({ name, timeoutSec, order }) => ({
      name,
      timeout: timeoutSec,
      order,
    })),
  );

/** ConsumerGroupHeartBeat: bare arrays of shard ids both ways. */
export const consumerGroupHeartbeat: Handler = (call) => {
  const { logstore, group } = calledGroup(call);
  const consumer = requiredQuery(call, 'consumer');
  const reported = jsonBody(call);
  if (consumer === '') throw refuse.parameterInvalid('consumer is invalid');
  if (!Array.isArray(reported) || !reported.every(Number.isInteger)) throw refuse.bodyNotJson();
  const assigned = heartbeat(group, consumer, reported, call.nowMs);
  call.state.storage.saveGroup(logstore, group);
  return json(assigned);
};

/** ConsumerGroupUpdateCheckPoint: body `{ shard, checkpoint }`. The Python SDK writes `forceSuccess=True`. */
export const updateCheckpoint: Handler = (call) => {
  const { logstore, group } = calledGroup(call);
  const { consumer = '', forceSuccess = 'false' } = call.request.query;
  const { shard, checkpoint } = jsonObject(call);
  if (typeof checkpoint !== 'string' || !isBase64(checkpoint)) throw refuse.checkpointInvalid();
  if (typeof shard !== 'number') throw refuse.shardNotInGroup();
  const force = forceSuccess.toLowerCase() === 'true';
  commit(group, logstore.shards, { shard, checkpoint, consumer, force }, call.nowMs);
  call.state.storage.saveGroup(logstore, group);
  return DONE;
};

/** GetCheckPoint: of all shards, or of the one asked for; nothing if there is no such shard. */
export const getCheckpoint: Handler = (call) => {
  const { shard } = call.request.query;
  const shards = [...calledGroup(call).group.shards.values()];
  const wanted = shard === undefined ? shards : shards.filter(({ id }) => String(id) === shard);
  return json(
    wanted.map(({ id, checkpoint, updatedAtUs, committedBy }) => ({
      shard: id,
      checkpoint,
      updateTime: updatedAtUs,
      consumer: committedBy,
    })),
  );
};

/** The group that the request names, up to date. Refuses with ConsumerGroupNotExist. */
function calledGroup(call: Call): { logstore: Logstore; group: ConsumerGroup } {
  const logstore = calledLogstore(call);
  const group = logstore.groups.get(call.parameters.group ?? '');
  if (!group) throw refuse.groupNotExist();
  refresh(group, logstore.shards, call.nowMs);
  return { logstore, group };
}

/** Refuses with JsonInfoInvalid what is there and of another type. */
function settingsOf(body: Readonly<Record<string, unknown>>): { timeoutSec?: number; order?: boolean } {
  const { timeout, order } = body;
  const settings: { timeoutSec?: number; order?: boolean } = {};
  if (timeout !== undefined) {
    const isValid = Number.isInteger(timeout) && Number(timeout) >= 1 && Number(timeout) <= TIMEOUT_SEC_MAX;
    if (!isValid) throw refuse.groupInvalid();
    settings.timeoutSec = Number(timeout);
  }
  if (order !== undefined) {
    if (typeof order !== 'boolean') throw refuse.groupInvalid();
    settings.order = order;
  }
  return settings;
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]{1,64}={0,2}$/.test(text);
}
