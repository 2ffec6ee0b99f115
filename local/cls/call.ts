import type { Fields } from '../../lib/sources/cls/json.ts';
import type { Answer } from '../service/answer.ts';
import type { WireRequest } from '../service/request.ts';
import { refuse, refuseData } from './errors.ts';
import type { HandOver } from './group/balance.ts';
import { parseObject } from './json.ts';
import type { QuotaMeter } from './quotas.ts';
import { expire } from './state/retention.ts';
import { type ClsState, findTopic, topicOf } from './state/state.ts';
import type { Topic } from './state/topic.ts';

/** How the service behaves where nothing published says how the live one does. */
export interface Behaviour {
  readonly handOver: HandOver;
  /** Whether only the consumer that holds a partition may commit its offset. */
  readonly fencedCommits: boolean;
}

interface Call {
  readonly state: ClsState;
  readonly quotas: QuotaMeter;
  readonly behaviour: Behaviour;
  readonly nowMs: number;
}

/** A request of the control plane that was authenticated and routed, with all that answering it depends on. */
export interface ControlCall extends Call {
  readonly body: Fields;
}

/** A request of the data plane, likewise. */
export interface DataCall extends Call {
  readonly request: WireRequest;
}

/** Answers the fields of `Response`, but for the id of the request. Refuses by throwing. */
export type ControlHandler = (call: ControlCall) => Fields;
export type DataHandler = (call: DataCall) => Answer;

/** The topic that a request of the control plane names, without what expired. */
export function calledTopic(call: ControlCall, topicId: string): Topic {
  const topic = topicOf(call.state, topicId);
  expire(call.state, topic, call.nowMs);
  return topic;
}

/** The topic that a request of the data plane names, without what expired. Refuses with InvalidParam, TopicNotExist. */
export function pathTopic(call: DataCall): Topic {
  const topicId = call.request.query.topic_id ?? '';
  if (topicId === '') throw refuseData.invalidParam('The parameter topic_id is missing.');
  const topic = findTopic(call.state, topicId);
  if (!topic) throw refuseData.topicNotExist(topicId);
  expire(call.state, topic, call.nowMs);
  return topic;
}

/** The body of a request of the control plane. Refuses with InvalidParameter. */
export function controlBody(request: WireRequest): Fields {
  const body = parseObject(request.body);
  if (!body) throw refuse.notJson();
  return body;
}
