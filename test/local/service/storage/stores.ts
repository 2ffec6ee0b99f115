import { Buffer } from 'node:buffer';
import { createGroup as createClsGroup } from '../../../../local/cls/group/group.ts';
import * as cls from '../../../../local/cls/state/state.ts';
import { openDirectory as openCls } from '../../../../local/cls/storage/directory.ts';
import { createGroup as createSlsGroup } from '../../../../local/sls/group/group.ts';
import * as sls from '../../../../local/sls/state/state.ts';
import { openDirectory as openSls } from '../../../../local/sls/storage/directory.ts';
import { START_MS } from '../support.ts';

const LIMIT = 1e9;
const SETTINGS = {
  ttlDays: 30,
  shardCount: 2,
  autoSplit: false,
  maxSplitShard: 64,
  enableTracking: false,
  appendMeta: false,
};
const [LOGSET, TOPIC] = ['6f6ded3f-948c-4616-9c7c-956a95d8c1a3', '0b2fd3e1-6f11-4c4c-8a4e-5f6bfb9d4e1c'];

/** A service that keeps a directory, as tests of what both have in common see it. */
export interface Store {
  readonly name: 'sls' | 'cls';
  /** Makes a directory with two records in each of two shards, and a group. */
  fill(directory: string): void;
  /** Opens a directory and closes it again; everything that is in it, as text. */
  read(directory: string): string;
  /** Opens a directory, saves and deletes all that is in it, and closes it again. */
  removeAll(directory: string): void;
  /** Kinds of documents, each in one of the kind before it; then the kind that consumer groups are in. */
  readonly kinds: readonly [outer: string, inner: string];
  readonly groupsIn: string;
  /** The stream of the records, and its shards. */
  readonly stream: string;
  readonly shards: readonly [number, number];
}

/** JSON of what it has no words for, too. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (key, entry: unknown) => {
    if (typeof entry === 'bigint') return `${entry}n`;
    if (entry instanceof Map) return [...entry].sort(([one], [other]) => (one < other ? -1 : 1));
    if (key === 'groups' && Array.isArray(entry)) {
      return entry.map((group) => [group.receivedAtSec, Buffer.from(group.read()).toString('hex')]);
    }
    return entry;
  });
}

const groups = ['a', 'b'].map((text) => Buffer.from(text.repeat(20)));

const SLS: Store = {
  name: 'sls',
  kinds: ['project', 'logstore'],
  groupsIn: 'logstore',
  stream: 'shop/orders',
  shards: [0, 1],
  fill: (directory) => {
    const opened = openSls(directory);
    const state = sls.createState(LIMIT, opened);
    const project = sls.addProject(state, 'shop', 'of all', START_MS);
    const logstore = sls.addLogstore(state, project, 'orders', SETTINGS, START_MS);
    for (const shard of logstore.shards) {
      for (const group of groups) sls.store(state, logstore, shard, group, START_MS);
    }
    opened.storage.saveGroup(logstore, createSlsGroup('g', 60, true));
    opened.storage.close();
  },
  read: (directory) => {
    const { projects, storage } = openSls(directory);
    try {
      return textOf(projects);
    } finally {
      storage.close();
    }
  },
  removeAll: (directory) => {
    const opened = openSls(directory);
    const state = sls.createState(LIMIT, opened);
    for (const [name, { logstores }] of opened.projects) {
      for (const logstore of logstores.values()) opened.storage.saveLogstore(logstore);
      sls.removeProject(state, name);
    }
    opened.storage.close();
  },
};

const CLS: Store = {
  name: 'cls',
  kinds: ['logset', 'topic'],
  groupsIn: 'logset',
  stream: TOPIC,
  shards: [1, 2],
  fill: (directory) => {
    const opened = openCls(directory);
    const state = cls.createState({ storedBytesMax: LIMIT, firstOffset: 2n ** 53n + 1n }, opened);
    const logset = cls.addLogset(state, { id: LOGSET, name: 'shop' }, START_MS);
    const settings = { id: TOPIC, name: 'orders', retentionDays: 7, partitions: 2 };
    const topic = cls.addTopic(state, logset, settings, START_MS);
    for (const partition of topic.partitions) {
      for (const group of groups) cls.store(state, topic, partition, group, START_MS);
    }
    opened.storage.saveGroup(logset, createClsGroup('g', 60, [TOPIC]));
    opened.storage.close();
  },
  read: (directory) => {
    const { logsets, storage } = openCls(directory);
    try {
      return textOf(logsets);
    } finally {
      storage.close();
    }
  },
  removeAll: (directory) => {
    const opened = openCls(directory);
    const state = cls.createState({ storedBytesMax: LIMIT, firstOffset: 0n }, opened);
    for (const [id, { topics }] of opened.logsets) {
      for (const topic of topics.values()) {
        opened.storage.saveTopic(topic);
        cls.removeTopic(state, topic.id);
      }
      cls.removeLogset(state, id);
    }
    opened.storage.close();
  },
};

export const STORES: readonly Store[] = [SLS, CLS];
