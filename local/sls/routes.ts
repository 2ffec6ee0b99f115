import type { FaultVocabulary } from '../service/faultPlan.ts';
import type { Handler } from './call.ts';
import { refuse } from './errors.ts';
import { getCursor, getCursorTime } from './handlers/cursors.ts';
import {
  consumerGroupHeartbeat,
  createConsumerGroup,
  deleteConsumerGroup,
  getCheckpoint,
  listConsumerGroups,
  updateCheckpoint,
  updateConsumerGroup,
} from './handlers/groups.ts';
import {
  createLogStore,
  deleteLogStore,
  getLogStore,
  listLogStores,
  updateLogStore,
} from './handlers/logstores.ts';
import {
  asksForProjects,
  createProject,
  deleteProject,
  getProject,
  listProjects,
} from './handlers/projects.ts';
import { pullLogs } from './handlers/pull.ts';
import { putLogs, putLogsByKey } from './handlers/put.ts';
import { listShards, mergeShards, splitShard } from './handlers/shards.ts';
import type { SlsRequest } from './http.ts';

export interface Route {
  /** The operation's name in the API reference. */
  readonly operation: string;
  readonly method: string;
  /** `:name` stands for one part of the path. */
  readonly path: string;
  /** Operations that share method and path are told apart by a query parameter. */
  readonly query?: { readonly name: string; readonly values: readonly string[] };
  /** Or by something else. */
  readonly when?: (request: SlsRequest) => boolean;
  readonly handle: Handler;
}

const SHARD = '/logstores/:logstore/shards/:shard';
const GROUPS = '/logstores/:logstore/consumergroups';
const GROUP = '/logstores/:logstore/consumergroups/:group';

/** In order of precedence: the first path that fits is taken. */
const ROUTES: readonly Route[] = [
  { operation: 'CreateProject', method: 'POST', path: '/', handle: createProject },
  { operation: 'ListProject', method: 'GET', path: '/', when: asksForProjects, handle: listProjects },
  { operation: 'GetProject', method: 'GET', path: '/', handle: getProject },
  { operation: 'DeleteProject', method: 'DELETE', path: '/', handle: deleteProject },
  { operation: 'CreateLogStore', method: 'POST', path: '/logstores', handle: createLogStore },
  { operation: 'ListLogStores', method: 'GET', path: '/logstores', handle: listLogStores },
  { operation: 'GetLogStore', method: 'GET', path: '/logstores/:logstore', handle: getLogStore },
  { operation: 'UpdateLogStore', method: 'PUT', path: '/logstores/:logstore', handle: updateLogStore },
  { operation: 'DeleteLogStore', method: 'DELETE', path: '/logstores/:logstore', handle: deleteLogStore },
  { operation: 'PutLogs', method: 'POST', path: '/logstores/:logstore', handle: putLogs },
  { operation: 'PutLogs', method: 'POST', path: '/logstores/:logstore/shards/lb', handle: putLogs },
  { operation: 'PutLogs', method: 'POST', path: '/logstores/:logstore/shards/route', handle: putLogsByKey },
  { operation: 'ListShards', method: 'GET', path: '/logstores/:logstore/shards', handle: listShards },
  { operation: 'SplitShard', method: 'POST', path: SHARD, query: action('split'), handle: splitShard },
  { operation: 'MergeShards', method: 'POST', path: SHARD, query: action('merge'), handle: mergeShards },
  { operation: 'GetCursor', method: 'GET', path: SHARD, query: type('cursor'), handle: getCursor },
  {
    operation: 'GetCursorTime',
    method: 'GET',
    path: SHARD,
    query: type('cursor_time'),
    handle: getCursorTime,
  },
  { operation: 'PullLogs', method: 'GET', path: SHARD, query: type('log', 'logs'), handle: pullLogs },
  { operation: 'CreateConsumerGroup', method: 'POST', path: GROUPS, handle: createConsumerGroup },
  { operation: 'ListConsumerGroup', method: 'GET', path: GROUPS, handle: listConsumerGroups },
  { operation: 'UpdateConsumerGroup', method: 'PUT', path: GROUP, handle: updateConsumerGroup },
  { operation: 'DeleteConsumerGroup', method: 'DELETE', path: GROUP, handle: deleteConsumerGroup },
  { operation: 'GetCheckPoint', method: 'GET', path: GROUP, handle: getCheckpoint },
  {
    operation: 'ConsumerGroupHeartBeat',
    method: 'POST',
    path: GROUP,
    query: type('heartbeat'),
    handle: consumerGroupHeartbeat,
  },
  {
    operation: 'ConsumerGroupUpdateCheckPoint',
    method: 'POST',
    path: GROUP,
    query: type('checkpoint'),
    handle: updateCheckpoint,
  },
];

const PROJECT_GROUPS = 'The local service has no consumer groups of a project: take one of a logstore.';
const WEB_TRACKING = 'The local service has no web tracking: put log groups, as protobuf.';

/** What the live service has and this one has not, told apart from what is no operation at all. */
const MISSING: readonly { path: string; message: string }[] = [
  { path: '/consumergroups', message: PROJECT_GROUPS },
  { path: '/consumergroups/:group', message: PROJECT_GROUPS },
  { path: '/logstores/:logstore/track', message: WEB_TRACKING },
];

/** What faults may be injected into. */
export const FAULT_VOCABULARY: FaultVocabulary = {
  operations: [...new Set(ROUTES.map(({ operation }) => operation))],
  example: 'PullLogs:403:ShardReadQuotaExceed',
};

/**
 * The route of a request and the parts of its path. Refuses with InvalidMethod, NotSupported, MissingParameter,
 * ParameterInvalid.
 */
export function route(request: SlsRequest): { route: Route; parameters: Record<string, string> } {
  const first = ROUTES.find((candidate) => fits(candidate, request));
  const parameters = first && pathParameters(first.path, request.path);
  if (!first || !parameters) {
    const missing = MISSING.find(({ path }) => pathParameters(path, request.path) !== undefined);
    throw missing ? refuse.notSupported(missing.message) : refuse.invalidMethod(request.path);
  }
  const found = ROUTES.find(
    ({ method, path, query, when = () => true }) =>
      method === first.method &&
      path === first.path &&
      when(request) &&
      (!query || query.values.includes(request.query[query.name] ?? '')),
  );
  if (found) return { route: found, parameters };
  const name = first.query?.name ?? '';
  if (request.query[name] === undefined) throw refuse.missingQuery(name);
  throw refuse.parameterInvalid(`parameter ${name} : ${request.query[name]} is invalid`);
}

function fits(candidate: Route, request: SlsRequest): boolean {
  return candidate.method === request.method && pathParameters(candidate.path, request.path) !== undefined;
}

/** Parts of a path by the names in its pattern; undefined if it does not fit. */
function pathParameters(pattern: string, path: string): Record<string, string> | undefined {
  const names = pattern.split('/');
  const parts = path.split('/');
  if (names.length !== parts.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const part = decoded(parts[index]!);
    if (!name.startsWith(':')) {
      if (part !== name) return undefined;
    } else if (part) {
      parameters[name.slice(1)] = part;
    } else {
      return undefined;
    }
  }
  return parameters;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function action(value: string): NonNullable<Route['query']> {
  return { name: 'action', values: [value] };
}

function type(...values: string[]): NonNullable<Route['query']> {
  return { name: 'type', values };
}
