import { refuse } from '../errors.ts';
import { createLogstore, type Logstore, type LogstoreSettings } from './logstore.ts';
import { appendGroup, type Shard } from './shard.ts';

/**
 * All that the service knows, as plain data: no clock, no socket, no hidden reference. Functions take the time as an
 * argument. Something that saves and restores it needs to know only these types.
 */
export interface SlsState {
  readonly projects: Map<string, Project>;
  /** Memory taken by log groups, over all logstores. */
  storedBytes: number;
  readonly storedBytesMax: number;
}

export interface Project {
  readonly name: string;
  readonly description: string;
  readonly createdAtSec: number;
  readonly logstores: Map<string, Logstore>;
}

export const PROJECTS_MAX = 100;
export const LOGSTORES_MAX = 200;
/** What one stored group takes besides its bytes, so that very many tiny groups count as well. */
const GROUP_OVERHEAD_BYTES = 64;

const PROJECT_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

export function createState(storedBytesMax: number): SlsState {
  return { projects: new Map(), storedBytes: 0, storedBytesMax };
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
  state.projects.set(name, project);
  return project;
}

/** Refuses with ProjectNotExist. */
export function projectOf(state: SlsState, name: string): Project {
  const project = state.projects.get(name);
  if (!project) throw refuse.projectNotExist(name);
  return project;
}

/** Refuses with LogStoreAlreadyExist, LogStoreInfoInvalid, ProjectQuotaExceed. */
export function addLogstore(
  project: Project,
  name: string,
  settings: LogstoreSettings,
  nowMs: number,
): Logstore {
  if (project.logstores.has(name)) throw refuse.logstoreAlreadyExist(name);
  if (project.logstores.size >= LOGSTORES_MAX) {
    throw refuse.projectQuotaExceed(`A project of the local service has at most ${LOGSTORES_MAX} logstores.`);
  }
  const logstore = createLogstore(name, settings, nowMs);
  project.logstores.set(name, logstore);
  return logstore;
}

/** Refuses with ProjectNotExist or LogStoreNotExist. */
export function logstoreOf(state: SlsState, projectName: string, name: string): Logstore {
  const logstore = projectOf(state, projectName).logstores.get(name);
  if (!logstore) throw refuse.logstoreNotExist(name);
  return logstore;
}

/** Appends a log group within the memory limit. Refuses with WriteQuotaExceed when it is reached. */
export function store(state: SlsState, shard: Shard, bytes: Uint8Array, nowMs: number): void {
  const storedBytes = state.storedBytes + bytes.byteLength + GROUP_OVERHEAD_BYTES;
  if (storedBytes > state.storedBytesMax) {
    throw refuse.writeQuotaExceed(
      `Write quota is exceeded: the local service keeps at most ${state.storedBytesMax} bytes (storedBytesMax).`,
    );
  }
  // A copy: the bytes may be a view into a pooled buffer of the request, which would stay in memory with them.
  appendGroup(shard, new Uint8Array(bytes), nowMs);
  state.storedBytes = storedBytes;
}
