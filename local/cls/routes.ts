import type { FaultVocabulary } from '../service/faultPlan.ts';
import type { WireRequest } from '../service/request.ts';
import type { ControlHandler, DataHandler } from './call.ts';
import { refuse, refuseData } from './errors.ts';
import {
  commitConsumerOffsets,
  describeConsumerOffsets,
  sendConsumerHeartbeat,
} from './handlers/consumers.ts';
import {
  createConsumerGroup,
  deleteConsumerGroup,
  describeConsumerGroups,
  modifyConsumerGroup,
} from './handlers/groups.ts';
import { createLogset, deleteLogset, describeLogsets } from './handlers/logsets.ts';
import { describePartitions, mergePartition, splitPartition } from './handlers/partitions.ts';
import { pullLogs } from './handlers/pull.ts';
import { putLogs } from './handlers/put.ts';
import { createTopic, deleteTopic, describeTopics, modifyTopic } from './handlers/topics.ts';
import { planeOf } from './plane.ts';

export type Route =
  | { readonly plane: 'control'; readonly operation: string; readonly handle: ControlHandler }
  | {
      readonly plane: 'data';
      readonly operation: string;
      readonly path: string;
      readonly handle: DataHandler;
    };

const VERSION = '2020-10-16';

const ACTIONS: Readonly<Record<string, ControlHandler>> = {
  CreateLogset: createLogset,
  DescribeLogsets: describeLogsets,
  DeleteLogset: deleteLogset,
  CreateTopic: createTopic,
  ModifyTopic: modifyTopic,
  DescribeTopics: describeTopics,
  DeleteTopic: deleteTopic,
  DescribePartitions: describePartitions,
  SplitPartition: splitPartition,
  MergePartition: mergePartition,
  CreateConsumerGroup: createConsumerGroup,
  ModifyConsumerGroup: modifyConsumerGroup,
  DeleteConsumerGroup: deleteConsumerGroup,
  DescribeConsumerGroups: describeConsumerGroups,
  SendConsumerHeartbeat: sendConsumerHeartbeat,
  DescribeConsumerOffsets: describeConsumerOffsets,
  CommitConsumerOffsets: commitConsumerOffsets,
};

const ROUTES: readonly Route[] = [
  { plane: 'data', operation: 'PutLogs', path: '/structuredlog', handle: putLogs },
  { plane: 'data', operation: 'PullLogs', path: '/pull_log', handle: pullLogs },
  ...Object.entries(ACTIONS).map(([operation, handle]): Route => ({ plane: 'control', operation, handle })),
];

/** What rules of faults may name. A failure of the control plane has status 200. */
export const FAULT_VOCABULARY: FaultVocabulary = {
  operations: ROUTES.map(({ operation }) => operation),
  example: 'PullLogs:429:SpeedQuotaExceed',
  failsWith200: true,
};

/** Refuses with NotSupported; of the control plane with MissingParameter, NoSuchVersion, InvalidAction. */
export function route({ method, path, headers }: WireRequest): Route {
  const found = planeOf(path) === 'data' ? dataRoute(path) : controlRoute(headers);
  if (!found || method !== 'POST') throw refuseData.notSupported(`${method} ${path}`);
  return found;
}

function dataRoute(path: string): Route | undefined {
  return ROUTES.find((candidate) => candidate.plane === 'data' && candidate.path === path);
}

function controlRoute(headers: Readonly<Record<string, string>>): Route {
  const action = headers['x-tc-action'];
  const version = headers['x-tc-version'];
  if (action === undefined) throw refuse.missingParameter('Action');
  if (version === undefined) throw refuse.missingParameter('Version');
  if (version !== VERSION) throw refuse.noSuchVersion(version);
  const found = ROUTES.find(({ plane, operation }) => plane === 'control' && operation === action);
  if (!found) throw refuse.invalidAction(action);
  return found;
}
