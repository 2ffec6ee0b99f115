import type { EventBridgeEvent, SNSEvent, SQSEvent } from 'aws-lambda';
import { readLetter } from '../delivery/deadLetters/letterText.ts';
import { EVENT_SOURCE } from '../delivery/eventBus.ts';
import { SettingsError } from '../errors.ts';

/** Whoever starts the function directly, so that a slot looks at once: one, or all of them. */
export interface RingEvent {
  ring: { slot?: string };
}

/** Each of these rings: something has happened, and a slot is to look before its schedule would have it. */
export type DoorbellEvent = RingEvent | SQSEvent | SNSEvent | EventBridgeEvent<string, unknown>;

/** One event, or one message of several. */
export interface Ring {
  /** Of a message of SQS. */
  readonly messageId?: string;
  /** As it stands there. Undefined: it names none. */
  readonly slot: unknown;
  /** Something that we have sent ourselves, and that nobody is to be woken for. */
  readonly own?: 'event' | 'dead letter';
}

/** What has come, and who waits for what kind of answer. */
export interface Rung {
  readonly by: 'sqs' | 'sns' | 'events' | 'somebody';
  readonly rings: readonly Ring[];
}

type Fields = Readonly<Record<string, unknown>>;

/** A message in an event of SNS, in a message of SQS, and one deeper. */
const WRAPPED_MAX = 3;

/** Pure. Undefined for an event that does not ring. Throws a SettingsError for a direct one that cannot be understood. */
export function readRung(event: unknown): Rung | undefined {
  if (!isObject(event)) return undefined;
  if ('ring' in event) return { by: 'somebody', rings: [directly(event)] };
  if (typeof event['detail-type'] === 'string') return { by: 'events', rings: [within(event)] };
  const [first] = Array.isArray(event.Records) ? event.Records : [];
  if (first?.eventSource === 'aws:sqs') {
    const records = event.Records as SQSEvent['Records'];
    return { by: 'sqs', rings: records.map(({ messageId, body }) => ({ messageId, ...said(body) })) };
  }
  if (first?.EventSource === 'aws:sns') {
    const records = event.Records as SNSEvent['Records'];
    return { by: 'sns', rings: records.map(({ Sns }) => said(Sns.Message)) };
  }
  return undefined;
}

function directly({ ring, ...others }: Fields): Ring {
  const [unknown] = [...Object.keys(others), ...Object.keys(isObject(ring) ? ring : {})].filter(
    (name) => name !== 'slot' || name in others,
  );
  if (isObject(ring) && unknown === undefined) return { slot: ring.slot };
  throw new SettingsError(
    'event.ring',
    unknown ?? ring,
    'write {"ring": {"slot": "consumer-0"}}, or {"ring": {}}',
  );
}

/** What a text says, whatever it came in: an event of a bus may have gone through a topic and a queue. */
function said(text: string, depth = 1): Ring {
  const value = parsed(text);
  if (value === undefined || depth > WRAPPED_MAX) return { slot: undefined };
  if (readLetter(text) !== undefined) return { slot: undefined, own: 'dead letter' };
  if (value.Type === 'Notification' && typeof value.Message === 'string')
    return said(value.Message, depth + 1);
  return typeof value['detail-type'] === 'string' ? within(value) : { slot: value.slot };
}

/** An event of a bus. */
function within({ source, detail }: Fields): Ring {
  if (source === EVENT_SOURCE) return { slot: undefined, own: 'event' };
  return { slot: isObject(detail) ? detail.slot : undefined };
}

/** Undefined for what is no object of JSON. */
function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
