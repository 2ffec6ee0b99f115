/** Events to a bus of EventBridge, without the SDK's client for it. */
import { objectIn, refusalIn } from '../credentials/awsAnswer.ts';
import { endpointOf } from '../credentials/awsCall.ts';
import { type AwsSenderOptions, type AwsWords, createAwsSender } from '../credentials/awsSender.ts';
import { StoreError } from '../errors.ts';
import type { GroupEvent } from './groupEvent.ts';

export interface EventBusOptions extends Omit<AwsSenderOptions, 'service' | 'originIn'> {
  /** Name or ARN of the bus. */
  bus: string;
  /** A URL; unless set, the service's public one. */
  endpoint?: string | undefined;
}

export interface EventBus {
  /** Never rejects. `left`: what was not taken, and why. */
  put(
    events: readonly GroupEvent[],
    options: { signal: AbortSignal },
  ): Promise<{ left: GroupEvent[]; error?: unknown }>;
}

/** "PutEvents", API reference. */
const ENTRIES_MAX = 10;
/** Of which source our events are. */
export const EVENT_SOURCE = 'shardbeat';
/** Of one entry: another time it may be taken. */
const MAY_PASS = /Throttl|Internal/;

export function createEventBus({ bus, endpoint, ...options }: EventBusOptions): EventBus {
  const originIn = (region: string): string => endpoint ?? endpointOf('events', region);
  const send = createAwsSender({ ...options, service: 'events', originIn }, wordsOf(bus));

  /** Those that are to be sent again. What was not answered may come twice. */
  const putSome = async (events: readonly GroupEvent[], signal: AbortSignal): Promise<GroupEvent[]> => {
    const body = JSON.stringify({ Entries: events.map((event) => entryOf(bus, event)) });
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' };
    const response = await send({
      action: 'events:PutEvents',
      method: 'POST',
      path: '/',
      headers,
      body,
      signal,
    });
    const { Entries } = (objectIn(response.body.toString()) ?? {}) as { Entries?: { ErrorCode?: string }[] };
    if (response.status !== 200 || !Array.isArray(Entries)) throw refusal('BadResponse');
    return events.filter((_event, index) => MAY_PASS.test(Entries[index]?.ErrorCode ?? ''));
  };

  return {
    async put(events, { signal }) {
      const left: GroupEvent[] = [];
      for (let first = 0; first < events.length; first += ENTRIES_MAX) {
        try {
          left.push(...(await putSome(events.slice(first, first + ENTRIES_MAX), signal)));
        } catch (error) {
          return { left: [...left, ...events.slice(first)], error };
        }
      }
      return left.length === 0 ? { left } : { left, error: refusal('EntriesRefused') };
    },
  };
}

const refusal = (code: string): StoreError =>
  new StoreError('events:PutEvents: not all events were taken', {
    code,
    outcome: 'unknown',
    retriable: true,
  });

function entryOf(bus: string, event: GroupEvent): object {
  const { type, ...detail } = event;
  return {
    EventBusName: bus,
    Source: EVENT_SOURCE,
    DetailType: type,
    Detail: JSON.stringify(detail),
    Time: Math.floor(event.at / 1_000),
  };
}

const wordsOf = (bus: string): AwsWords => ({
  refusalIn,
  remedyFor(code, action) {
    const named = `the bus ${bus} of SHARDBEAT_EVENT_BUS`;
    if (/ResourceNotFound/.test(code))
      return `there is no ${named.slice(4)}: make it, or correct the setting`;
    if (/AccessDenied|NotAuthorized|status 403/.test(code))
      return `let the function's role do ${action} on ${named}`;
    return undefined;
  },
});
