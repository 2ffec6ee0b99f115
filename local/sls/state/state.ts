import { receiptTimeSec, type StoredGroup } from '../../service/log.ts';
import { refuse } from '../errors.ts';
import { MEMORY, type Storage } from '../storage/storage.ts';
import { createLogstore, type Logstore, type LogstoreSettings } from './logstore.ts';
import type { Project } from './project.ts';
import type { Shard } from './shard.ts';

/**
 * All that the service knows, as plain data, and where it is kept: no clock, no socket. Functions take the time as an
 * argument.
 */
export interface SlsState {
  readonly projects: Map<string, Project>;
  /** Taken by log groups, over all logstores. */
  storedBytes: number;
  readonly storedBytesMax: number;
  readonly storage: Storage;
}

export const PROJECTS_MAX = 100;
export const LOGSTORES_MAX = 200;
/** What one stored group takes besides its bytes, so that very many tiny groups count as well. */
const GROUP_OVERHEAD_BYTES = 64;

const PROJECT_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** A state that holds nothing, or what was kept from before. */
export function createState(
  storedBytesMax: number,
  { storage, projects }: { storage: Storage; projects: Map<string, Project> } = {
    storage: MEMORY,
    projects: new Map(),
  },
): SlsState {
  let storedBytes = 0;
  for (const { logstores } of projects.values()) {
    for (const logstore of logstores.values()) storedBytes += sizeOfAll(logstore);
  }
  return { projects, storedBytes, storedBytesMax, storage };
}

/** Refuses with ProjectAlreadyExist, ParameterInvalid (name), ProjectQuotaExceed. */
export function addProject(state: SlsState, name: string, description: string, nowMs: number): Project {
  if (!PROJECT_NAME.test(name)) throw refuse.parameterInvalid(`project name ${name} is invalid`);
  if (state.projects.has(name)) throw refuse.projectAlreadyExist(name);
  if (state.projects.size >= PROJECTS_MAX) {
    throw refuse.projectQuotaExceed(`The local service has at most ${PROJECTS_MAX} projects.`);
  }
  const project: Project = {
    name,
    description,
    createdAtSec: Math.floor(nowMs / 1000),
    logstores: new Map(),
  };
  state.storage.addProject(project);
  state.projects.set(name, project);
  return project;
}

/** Deletes a project and all that is in it. Refuses with ProjectNotExist. */
export function removeProject(state: SlsState, name: string): void {
  const project = projectOf(state, name);
  state.projects.delete(name);
  for (const logstore of project.logstores.values()) state.storedBytes -= sizeOfAll(logstore);
  state.storage.deleteProject(project);
}

/** Refuses with ProjectNotExist. */
export function projectOf(state: SlsState, name: string): Project {
  const project = state.projects.get(name);
  if (name === '') throw refuse.projectNotNamed();
  if (!project) throw refuse.projectNotExist(name);
  return project;
}

/** Refuses with LogStoreAlreadyExist, LogStoreInfoInvalid, ProjectQuotaExceed. */
export function addLogstore(
  state: SlsState,
  project: Project,
  name: string,
  settings: LogstoreSettings,
  nowMs: number,
): Logstore {
  if (project.logstores.has(name)) throw refuse.logstoreAlreadyExist(name);
  if (project.logstores.size >= LOGSTORES_MAX) {
    throw refuse.projectQuotaExceed(`A project of the local service has at most ${LOGSTORES_MAX} logstores.`);
  }
  const logstore = createLogstore(project.name, name, settings, nowMs);
  state.storage.addLogstore(logstore);
  project.logstores.set(name, logstore);
  return logstore;
}

/** Deletes a logstore with its shards and consumer groups. Refuses with ProjectNotExist or LogStoreNotExist. */
export function removeLogstore(state: SlsState, projectName: string, name: string): void {
  const logstore = logstoreOf(state, projectName, name);
  projectOf(state, projectName).logstores.delete(name);
  state.storedBytes -= sizeOfAll(logstore);
  state.storage.deleteLogstore(logstore);
}

/** Refuses with ProjectNotExist or LogStoreNotExist. */
export function logstoreOf(state: SlsState, projectName: string, name: string): Logstore {
  const logstore = projectOf(state, projectName).logstores.get(name);
  if (!logstore) throw refuse.logstoreNotExist(name);
  return logstore;
}

/** Appends a log group within the limit of the service. Refuses with WriteQuotaExceed when it is reached. */
export function store(
  state: SlsState,
  logstore: Logstore,
  shard: Shard,
  bytes: Uint8Array,
  nowMs: number,
): void {
  if (state.storedBytes + sizeOf(bytes) > state.storedBytesMax) {
    throw refuse.writeQuotaExceed(
      `Write quota is exceeded: the local service keeps at most ${state.storedBytesMax} bytes (storedBytesMax).`,
    );
  }
  const group = state.storage.append(logstore, shard, bytes, receiptTimeSec(shard, nowMs));
  shard.groups.push(group);
  state.storedBytes += sizeOf(group);
}

/** Takes log groups out of the account that are no longer kept. */
export function forget(state: SlsState, groups: readonly StoredGroup[]): void {
  for (const group of groups) state.storedBytes -= sizeOf(group);
}

function sizeOfAll({ shards }: Logstore): number {
  let size = 0;
  for (const { groups } of shards) {
    for (const group of groups) size += sizeOf(group);
  }
  return size;
}

function sizeOf({ byteLength }: { byteLength: number }): number {
  return byteLength + GROUP_OVERHEAD_BYTES;
}
