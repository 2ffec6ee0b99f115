import { Buffer } from 'node:buffer';
import type { Answer } from '../service/answer.ts';
import { refuse } from './errors.ts';
import type { SlsRequest } from './http.ts';
import type { QuotaMeter } from './quotas.ts';
import { type Logstore, shardOf } from './state/logstore.ts';
import { expire } from './state/retention.ts';
import type { Shard } from './state/shard.ts';
import { logstoreOf, type SlsState } from './state/state.ts';

/** Of projects and logstores, on one page. */
const PAGE_SIZE_MAX = 500;

/** A request that was authenticated and routed, with all that answering it depends on. */
export interface Call {
  readonly request: SlsRequest;
  /** From the path, decoded: `logstore`, `shard`, … */
  readonly parameters: Readonly<Record<string, string>>;
  readonly state: SlsState;
  readonly quotas: QuotaMeter;
  readonly nowMs: number;
}

/** Pure but for the state that it may change. Refuses by throwing. */
export type Handler = (call: Call) => Answer;

/** The logstore that the request names, without what expired. Refuses with ProjectNotExist, LogStoreNotExist. */
export function calledLogstore(call: Call): Logstore {
  const logstore = logstoreOf(call.state, call.request.project, call.parameters.logstore ?? '');
  expire(call.state, logstore, call.nowMs);
  return logstore;
}

/** The shard that the request names. Refuses with ProjectNotExist, LogStoreNotExist, ShardNotExist. */
export function calledShard(call: Call): Shard {
  return shardOf(calledLogstore(call), call.parameters.shard ?? '');
}

/** A query parameter that must be there. Refuses with MissingParameter. */
export function requiredQuery(call: Call, name: string): string {
  const value = call.request.query[name];
  if (value === undefined) throw refuse.missingQuery(name);
  return value;
}

/** Of a list, what `offset` and `size` ask for. The Node SDK sends parameters that it was not given as empty ones. */
export function pageOf<T>(call: Call, all: readonly T[], sizeOtherwise: number): T[] {
  const { query } = call.request;
  const offset = pageNumber('offset', query.offset, 0);
  const size = Math.min(pageNumber('size', query.size, sizeOtherwise), PAGE_SIZE_MAX);
  return all.slice(offset, offset + size);
}

function pageNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined || text === '') return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw refuse.parameterInvalid(`parameter ${name} : ${text} is invalid`);
  return Number(text);
}

/** The body as JSON. Refuses with PostBodyInvalid. */
export function jsonBody(call: Call): unknown {
  try {
    return JSON.parse(Buffer.from(call.request.body).toString('utf8'));
  } catch {
    throw refuse.bodyNotJson();
  }
}

/** The body as a JSON object. Refuses with PostBodyInvalid. */
export function jsonObject(call: Call): Readonly<Record<string, unknown>> {
  const value = jsonBody(call);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse.bodyNotJson();
  return value as Record<string, unknown>;
}
