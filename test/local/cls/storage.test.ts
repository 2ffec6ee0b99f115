import { Buffer } from 'node:buffer';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createGroup, refresh } from '../../../local/cls/group/group.ts';
import { heartbeat } from '../../../local/cls/group/heartbeat.ts';
import { commitOffsets } from '../../../local/cls/group/offsets.ts';
import type { Logset } from '../../../local/cls/state/logset.ts';
import { mergePartitions, splitPartition } from '../../../local/cls/state/resharding.ts';
import { expire } from '../../../local/cls/state/retention.ts';
import {
  addLogset,
  addTopic,
  type ClsState,
  createState,
  removeLogset,
  removeTopic,
  store,
} from '../../../local/cls/state/state.ts';
import { configureTopic, type Topic, writable } from '../../../local/cls/state/topic.ts';
import { openDirectory } from '../../../local/cls/storage/directory.ts';
import { newDirectory, START_MS } from '../service/support.ts';

const FIRST_OFFSET = 2n ** 53n + 1n;
const LIMITS = { storedBytesMax: 1e9, firstOffset: FIRST_OFFSET };
const DAY_MS = 86_400_000;
const STEPS = ['put', 'put', 'put', 'wait', 'period', 'split', 'merge', 'topic', 'remove', 'reopen'];

function open(directory: string): ClsState {
  const state = createState(LIMITS, openDirectory(directory));
  onTestFinished(state.storage.close);
  return state;
}

/** As it would be after a kill, but for the lock, which is given back. */
function reopen(state: ClsState, directory: string): ClsState {
  state.storage.close();
  return open(directory);
}

/** All that a client can tell of a state. */
function viewOf(state: ClsState, nowMs = START_MS): unknown {
  for (const { topics } of state.logsets.values()) {
    for (const topic of topics.values()) expire(state, topic, nowMs);
  }
  const topicView = ({ expiredAtSec: _, balancedWrites: __, partitions, ...topic }: Topic) => ({
    ...topic,
    partitions: partitions.map(({ groups, ...partition }) => ({
      ...partition,
      messages: groups.map((group) => `${group.receivedAtSec} ${Buffer.from(group.read())}`),
    })),
  });
  const byName = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
    [...map].sort(([one], [other]) => (one < other ? -1 : 1));
  return byName(state.logsets).map(([, { topics, groups, ...logset }]) => ({
    ...logset,
    topics: byName(topics).map(([, topic]) => topicView(topic)),
    groups: byName(groups),
  }));
}

/** Rows of a table, while nobody has the directory. */
function countOf(directory: string, table: string): unknown {
  const database = new DatabaseSync(join(directory, 'data.sqlite'), { readOnly: true });
  try {
    return database.prepare(`SELECT COUNT(*) AS count FROM ${table}`).get()?.count;
  } finally {
    database.close();
  }
}

const put = (state: ClsState, topic: Topic, text: string, nowMs = START_MS): void =>
  store(state, topic, writable(topic)[0]!, Buffer.from(text), nowMs);

function makeShop(state: ClsState): { logset: Logset; topic: Topic } {
  const logset = addLogset(state, { name: 'shop' }, START_MS);
  const topic = addTopic(state, logset, { name: 'orders', retentionDays: 7, partitions: 2 }, START_MS);
  return { logset, topic };
}

function makeGroup(state: ClsState, logset: Logset, topic: Topic) {
  const group = createGroup('billing', 60, [topic.id]);
  logset.groups.set(group.name, group);
  refresh(
    group,
    topic.partitions.map(({ id }) => ({ topicId: topic.id, id })),
    START_MS,
  );
  heartbeat(group, 'a', new Set(), { nowMs: START_MS, handOver: 'cooperative' });
  heartbeat(group, 'b', new Set(), { nowMs: START_MS, handOver: 'cooperative' });
  const commits = [
    { topicId: topic.id, id: 1, offset: 2n ** 62n },
    { topicId: topic.id, id: 2, offset: -1n },
  ];
  commitOffsets(group, 'a', commits, { isFenced: false });
  state.storage.saveGroup(logset, group);
  return group;
}

describe('after a restart', () => {
  test('everything is as it was', () => {
    const directory = newDirectory();
    const state = open(directory);
    const { logset, topic } = makeShop(state);
    addTopic(state, logset, { name: 'visits', retentionDays: 3640, partitions: 1 }, START_MS + 1);
    addLogset(state, { name: 'empty' }, START_MS);
    for (const text of ['a', 'b', 'c']) put(state, topic, text);
    splitPartition(topic, 1, { count: 2 }, START_MS);
    state.storage.saveTopic(topic);
    put(state, topic, 'd', START_MS + 5000);
    makeGroup(state, logset, topic);
    const before = viewOf(state);
    const again = reopen(state, directory);
    expect(viewOf(again)).toEqual(before);
    expect(again.storedBytes).toBe(state.storedBytes);
  });

  test('whatever was done to it, it is as it was', () => {
    const step = fc.record({
      kind: fc.constantFrom(...STEPS),
      which: fc.nat(6),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const directory = newDirectory();
        let state = open(directory);
        makeShop(state);
        let nowMs = START_MS;
        const act = (kind: string, which: number): void => {
          const [logset] = [...state.logsets.values()];
          const topics = [...logset!.topics.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
          const topic = topics[which % topics.length]!;
          const partitions = writable(topic);
          const partition = partitions[which % partitions.length]!;
          expire(state, topic, nowMs);
          if (kind === 'put') store(state, topic, partition, Buffer.from(`${nowMs} ${which}`), nowMs);
          if (kind === 'split') splitPartition(topic, partition.id, { count: 2 }, nowMs);
          if (kind === 'merge' && partitions.length > 1) mergePartitions(topic, partitions[0]!.id, nowMs);
          if (kind === 'period') configureTopic(topic, { ...topic.settings, retentionDays: 1 + which });
          if (['split', 'merge', 'period'].includes(kind)) state.storage.saveTopic(topic);
          if (kind === 'topic') {
            addTopic(state, logset!, { name: `${nowMs}`, retentionDays: 2, partitions: 1 }, nowMs);
          }
          if (kind === 'remove' && topics.length > 1) removeTopic(state, topic.id);
        };
        for (const { kind, which } of [...steps, { kind: 'reopen', which: 0 }]) {
          nowMs += kind === 'wait' ? (which * DAY_MS) / 2 : 1000;
          if (kind !== 'reopen') act(kind, which);
          else {
            // What a changed period lets go of goes in the next second.
            nowMs += 1000;
            const before = viewOf(state, nowMs);
            const again = reopen(state, directory);
            expect(viewOf(again, nowMs)).toEqual(before);
            expect(again.storedBytes).toBe(state.storedBytes);
            state = again;
          }
        }
        state.storage.close();
        rmSync(directory, { recursive: true });
      }),
      { numRuns: 150 },
    );
  });

  test('what was deleted is gone, and another of its name has nothing of it', () => {
    const directory = newDirectory();
    const state = open(directory);
    const { logset, topic } = makeShop(state);
    const group = makeGroup(state, logset, topic);
    put(state, topic, 'old');
    logset.groups.delete(group.name);
    state.storage.deleteGroup(logset, group);
    removeTopic(state, topic.id);
    const settings = { id: topic.id, name: 'orders', retentionDays: 7, partitions: 2 };
    put(state, addTopic(state, logset, settings, START_MS), 'new');
    const again = reopen(state, directory);
    const [found] = [...again.logsets.values()];
    expect(found!.groups.size).toBe(0);
    expect(found!.topics.get(topic.id)!.partitions.flatMap(({ groups }) => groups)).toHaveLength(1);

    removeTopic(again, topic.id);
    removeLogset(again, logset.id);
    again.storage.close();
    expect([countOf(directory, 'document'), countOf(directory, 'record')]).toEqual([0, 0]);
    expect(open(directory).logsets.size).toBe(0);
  });
});

test('what expired is deleted, and a topic that takes the place of another has nothing of it', () => {
  const directory = newDirectory();
  let state = open(directory);
  const { logset, topic } = makeShop(state);
  /** Offsets of the first partition, and how many messages are kept, of all. */
  const after = (nowMs: number): unknown[] => {
    const found = [...state.logsets.values()][0]!.topics.get(topic.id)!;
    expire(state, found, nowMs);
    state.storage.close();
    const kept = countOf(directory, 'record');
    state = open(directory);
    const { id, firstPosition } = [...state.logsets.values()][0]!.topics.get(topic.id)!.partitions[0]!;
    return [id, firstPosition, kept];
  };
  put(state, topic, 'a');
  splitPartition(topic, 1, { count: 2 }, START_MS + 1000);
  state.storage.saveTopic(topic);
  expect(after(START_MS + 7 * DAY_MS - 1000)).toEqual([1, FIRST_OFFSET, 1]);
  expect(after(START_MS + 7 * DAY_MS)).toEqual([1, FIRST_OFFSET + 1n, 0]);
  expect(after(START_MS + 8 * DAY_MS)).toEqual([2, FIRST_OFFSET, 0]);

  const [shop] = state.logsets.values();
  removeTopic(state, topic.id);
  const settings = { id: topic.id, name: 'orders', retentionDays: 7, partitions: 2 };
  const other = addTopic(state, shop!, settings, START_MS);
  expect(other.logsetId).toBe(logset.id);
  put(state, other, 'old');
  expire(state, other, START_MS + 7 * DAY_MS);
  put(state, other, 'new', START_MS + 7 * DAY_MS);
  const [found] = reopen(state, directory).logsets.values();
  const [partition] = found!.topics.get(topic.id)!.partitions;
  expect(partition!.groups.map((group) => Buffer.from(group.read()).toString())).toEqual(['new']);
});

test('a partition that goes in the moment in which its last message does leaves nothing behind', () => {
  const directory = newDirectory();
  const state = open(directory);
  const { topic } = makeShop(state);
  put(state, topic, 'a');
  splitPartition(topic, 1, { count: 2 }, START_MS);
  state.storage.saveTopic(topic);
  expire(state, topic, START_MS + 7 * DAY_MS);
  expect(topic.partitions.map(({ id }) => id)).toEqual([2, 3, 4]);
  const before = viewOf(state);
  expect(viewOf(reopen(state, directory))).toEqual(before);
});
