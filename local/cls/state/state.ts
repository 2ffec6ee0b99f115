import { receiptTimeSec, type StoredGroup } from '../../service/log.ts';
import { refuse } from '../errors.ts';
import { MEMORY, type Storage } from '../storage/storage.ts';
import { checkId, isName, newId } from './ids.ts';
import type { Logset } from './logset.ts';
import type { Partition } from './partition.ts';
import { createTopic, type Topic } from './topic.ts';

/**
 * All that the service knows, as plain data, and where it is kept: no clock, no socket. Functions take the time as an
 * argument.
 */
export interface ClsState {
  readonly logsets: Map<string, Logset>;
  /** Offset of the first message of a partition that is made from now on. */
  readonly firstOffset: bigint;
  /** Taken by messages, over all topics. */
  storedBytes: number;
  readonly storedBytesMax: number;
  readonly storage: Storage;
}

export const LOGSETS_MAX = 100;
export const TOPICS_MAX = 500;
/** What one stored message takes besides its bytes, so that very many tiny ones count as well. */
const MESSAGE_OVERHEAD_BYTES = 64;

/** A state that holds nothing, or what was kept from before. */
export function createState(
  { storedBytesMax, firstOffset }: Pick<ClsState, 'storedBytesMax' | 'firstOffset'>,
  { storage, logsets }: { storage: Storage; logsets: Map<string, Logset> } = {
    storage: MEMORY,
    logsets: new Map(),
  },
): ClsState {
  let storedBytes = 0;
  for (const { topics } of logsets.values()) {
    for (const topic of topics.values()) storedBytes += sizeOfAll(topic);
  }
  return { logsets, firstOffset, storedBytes, storedBytesMax, storage };
}

/** Refuses with InvalidParameter, InvalidParameter.LogsetConflict, LimitExceeded. */
export function addLogset(
  state: ClsState,
  { id: wantedId, name: wantedName }: { id?: string | undefined; name?: string | undefined },
  nowMs: number,
): Logset {
  if (wantedId !== undefined) checkId('LogsetId', wantedId);
  const id = wantedId ?? newId('logset', (taken) => state.logsets.has(taken), nowMs);
  const name = wantedName ?? id;
  if (!isName(name)) throw refuse.invalidParameter('LogsetName is invalid.');
  if (state.logsets.has(id)) throw refuse.logsetConflict(id);
  if ([...state.logsets.values()].some((other) => other.name === name)) throw refuse.logsetConflict(name);
  if (state.logsets.size >= LOGSETS_MAX) {
    throw refuse.limitExceeded(`The local service has at most ${LOGSETS_MAX} logsets.`);
  }
  const createdAtSec = Math.floor(nowMs / 1000);
  const logset: Logset = { id, name, createdAtSec, topics: new Map(), groups: new Map() };
  state.storage.addLogset(logset);
  state.logsets.set(logset.id, logset);
  return logset;
}

/** Deletes a logset with its consumer groups. Refuses with ResourceNotFound.LogsetNotExist; OperationDenied if it has topics. */
export function removeLogset(state: ClsState, id: string): void {
  const logset = logsetOf(state, id);
  if (logset.topics.size > 0) throw refuse.logsetNotEmpty(id);
  state.logsets.delete(id);
  state.storage.deleteLogset(logset);
}

/** Refuses with ResourceNotFound.LogsetNotExist. */
export function logsetOf(state: ClsState, id: string): Logset {
  const logset = state.logsets.get(id);
  if (!logset) throw refuse.logsetNotExist(id);
  return logset;
}

/** Refuses with InvalidParameter, InvalidParameter.TopicConflict, LimitExceeded. */
export function addTopic(
  state: ClsState,
  logset: Logset,
  wanted: { id?: string | undefined; name?: string | undefined; partitions: number; retentionDays: number },
  nowMs: number,
): Topic {
  if (wanted.id !== undefined) checkId('TopicId', wanted.id);
  const id = wanted.id ?? newId('topic', (taken) => findTopic(state, taken) !== undefined, nowMs);
  const { partitions, retentionDays, name = id } = wanted;
  if (findTopic(state, id)) throw refuse.topicConflict(id);
  checkTopicName(logset, name);
  if (logset.topics.size >= TOPICS_MAX) {
    throw refuse.limitExceeded(`A logset of the local service has at most ${TOPICS_MAX} topics.`);
  }
  const { firstOffset } = state;
  const topic = createTopic(
    { id, logsetId: logset.id, partitions, firstOffset },
    { name, retentionDays },
    nowMs,
  );
  state.storage.addTopic(topic);
  logset.topics.set(topic.id, topic);
  return topic;
}

/** Names of topics are unique in a logset. Refuses with InvalidParameter.TopicConflict what another one than `topic` has. */
export function checkTopicName({ topics }: Logset, name: string, topic?: Topic): void {
  for (const other of topics.values()) {
    if (other !== topic && other.settings.name === name) throw refuse.topicConflict(name);
  }
}

/** Deletes a topic with its messages. Refuses with ResourceNotFound.TopicNotExist. */
export function removeTopic(state: ClsState, id: string): void {
  const topic = topicOf(state, id);
  logsetOf(state, topic.logsetId).topics.delete(id);
  state.storedBytes -= sizeOfAll(topic);
  state.storage.deleteTopic(topic);
}

/** Topic ids are unique over all logsets: requests of the data plane name no logset. */
export function findTopic(state: ClsState, id: string): Topic | undefined {
  for (const { topics } of state.logsets.values()) {
    const topic = topics.get(id);
    if (topic) return topic;
  }
  return undefined;
}

/** Refuses with ResourceNotFound.TopicNotExist. */
export function topicOf(state: ClsState, id: string): Topic {
  const topic = findTopic(state, id);
  if (!topic) throw refuse.topicNotExist(id);
  return topic;
}

/** Whether messages of these sizes are within the limit of the service. */
export function hasRoomFor(state: ClsState, messages: readonly Uint8Array[]): boolean {
  const size = messages.reduce((sum, message) => sum + sizeOf(message), 0);
  return state.storedBytes + size <= state.storedBytesMax;
}

/** Appends a message. */
export function store(
  state: ClsState,
  topic: Topic,
  partition: Partition,
  bytes: Uint8Array,
  nowMs: number,
): void {
  const message = state.storage.append(topic, partition, bytes, receiptTimeSec(partition, nowMs));
  partition.groups.push(message);
  state.storedBytes += sizeOf(message);
}

/** Takes messages out of the account that are no longer kept. */
export function forget(state: ClsState, messages: readonly StoredGroup[]): void {
  for (const message of messages) state.storedBytes -= sizeOf(message);
}

function sizeOfAll({ partitions }: Topic): number {
  let size = 0;
  for (const { groups } of partitions) {
    for (const group of groups) size += sizeOf(group);
  }
  return size;
}

function sizeOf({ byteLength }: { byteLength: number }): number {
  return byteLength + MESSAGE_OVERHEAD_BYTES;
}
