/** Where events of the group are sent, too: `SHARDBEAT_EVENT_BUS`. */
import * as v from 'valibot';
import { SettingsError } from '../errors.ts';
import { endpointIn } from './awsEndpoint.ts';

export interface EventBusSettings {
  /** Name or ARN. */
  bus: string;
  /** Of an ARN; else the function's own. */
  region: string | undefined;
  /** Another address than the region's. */
  endpoint: string | undefined;
}

export const EventBusEntries = {
  SHARDBEAT_EVENT_BUS: v.optional(v.string()),
  AWS_ENDPOINT_URL_EVENTBRIDGE: v.optional(v.string()),
  AWS_ENDPOINT_URL: v.optional(v.string()),
};

type Read = v.InferOutput<v.ObjectSchema<typeof EventBusEntries, undefined>>;

/** "PutEvents", API reference: `EventBusName`. */
const NAME = /^[/.\-_A-Za-z0-9]{1,256}$/;
const ARN = /^arn:aws[a-z-]*:events:([a-z0-9-]+):\d{12}:event-bus\/[/.\-_A-Za-z0-9]{1,256}$/;

/** Undefined: to none. Throws a SettingsError for what names no bus. */
export function readEventBus(read: Read): EventBusSettings | undefined {
  const bus = read.SHARDBEAT_EVENT_BUS;
  if (bus === undefined) return undefined;
  const region = ARN.exec(bus)?.[1];
  if (region === undefined && !NAME.test(bus)) {
    const remedy = 'write the name of a bus of EventBridge, such as default, or its ARN';
    throw new SettingsError('SHARDBEAT_EVENT_BUS', bus, remedy);
  }
  return { bus, region, endpoint: endpointIn(read, 'AWS_ENDPOINT_URL_EVENTBRIDGE') };
}
