/** Where dead letters are kept: `SHARDBEAT_DEAD_LETTERS`. */
import * as v from 'valibot';
import { SettingsError } from '../errors.ts';
import { endpointIn } from './awsEndpoint.ts';
import { count } from './rules.ts';

export type DeadLetterPlace =
  /** The group's own table. */
  | { at: 'table' }
  /** Objects under a prefix, which is empty or ends in `/`. `endpoint`: another address than the region's. */
  | { at: 's3'; bucket: string; prefix: string; endpoint: string | undefined }
  /** Messages of a queue, by its URL. `region`: where it is, if that can be told; else the function's own. */
  | { at: 'sqs'; url: string; region: string | undefined };

export interface DeadLetterSettings {
  place: DeadLetterPlace;
  /** With so many of them, the next record that would become one stops its shard. */
  lettersMax: number;
}

const LETTERS_MAX = 10_000;
const LETTERS_MAX_MOST = 1_000_000;

export const DeadLetterEntries = {
  SHARDBEAT_DEAD_LETTERS: v.optional(v.string(), 'table'),
  SHARDBEAT_DEAD_LETTERS_MAX: count(LETTERS_MAX, LETTERS_MAX_MOST),
  AWS_ENDPOINT_URL_S3: v.optional(v.string()),
  AWS_ENDPOINT_URL_SQS: v.optional(v.string()),
  AWS_ENDPOINT_URL: v.optional(v.string()),
};

type Read = v.InferOutput<v.ObjectSchema<typeof DeadLetterEntries, undefined>>;

const ENDPOINTS = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL_SQS', 'AWS_ENDPOINT_URL'] as const;
type Endpoint = (typeof ENDPOINTS)[number];

const FIELD = 'SHARDBEAT_DEAD_LETTERS';
const REMEDY =
  "write table, s3://bucket/prefix, or a queue's URL or ARN, such as https://sqs.eu-west-1.amazonaws.com/123456789012/orders";

/** Throws a SettingsError for what names no place. */
export function readDeadLetters(read: Read): DeadLetterSettings {
  return { place: readPlace(read), lettersMax: read.SHARDBEAT_DEAD_LETTERS_MAX };
}

/** The place alone, as it is written; the table, unless it is. `environment`: where another address than the public one may stand. */
export function placeOfDeadLetters(
  text: string | undefined,
  environment: Readonly<Partial<Record<Endpoint, string | undefined>>> = {},
): DeadLetterSettings {
  const set = ENDPOINTS.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []));
  const read = { SHARDBEAT_DEAD_LETTERS: text?.trim() || 'table', SHARDBEAT_DEAD_LETTERS_MAX: LETTERS_MAX };
  return readDeadLetters({ ...read, ...Object.fromEntries(set) });
}

function readPlace(read: Read): DeadLetterPlace {
  const text = read.SHARDBEAT_DEAD_LETTERS;
  if (text === 'table') return { at: 'table' };
  const place = text.startsWith('s3:') ? bucketIn(text) : queueIn(text);
  if (place === undefined) throw new SettingsError(FIELD, text, REMEDY);
  if (place.at === 's3') return { ...place, endpoint: endpointIn(read, 'AWS_ENDPOINT_URL_S3') };
  const { url, region, origin = endpointIn(read, 'AWS_ENDPOINT_URL_SQS') ?? publicOrigin(region!) } = place;
  return { at: 'sqs', url: `${origin}${url}`, region };
}

/** Of a key, what needs no escaping anywhere: "Creating object key names", S3 user guide. */
const PREFIX = /^[\w!.*'()-]+(?:\/[\w!.*'()-]+)*$/;
/** "General purpose bucket naming rules", S3 user guide. */
const BUCKET = /^(?!.*\.\.)(?!\d+(?:\.\d+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX_CHARACTERS_MAX = 256;

function bucketIn(text: string): { at: 's3'; bucket: string; prefix: string } | undefined {
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(text) ?? [];
  const prefix = rest.replace(/\/$/, '');
  if (!BUCKET.test(bucket) || prefix.length > PREFIX_CHARACTERS_MAX) return undefined;
  // Steps of a path are left out of a URL: they would name another place.
  if (prefix.split('/').some((part) => part === '.' || part === '..')) return undefined;
  if (prefix !== '' && !PREFIX.test(prefix)) return undefined;
  return { at: 's3', bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

const ARN = /^arn:aws[a-z-]*:sqs:([a-z0-9-]+):(\d{12}):([\w-]{1,80}(?:\.fifo)?)$/;
const QUEUE_PATH = /^(?:\/[\w.-]+)+$/;

/** `url` is its path where `origin` is not told: an ARN does not say which host. */
function queueIn(
  text: string,
): { at: 'sqs'; url: string; region: string | undefined; origin?: string } | undefined {
  const [, region, account, name] = ARN.exec(text) ?? [];
  if (region !== undefined) return { at: 'sqs', url: `/${account}/${name}`, region };
  if (!/^https?:\/\/[!-~]+$/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const { origin, pathname, search, hash, username, password } = url;
  if (search || hash || username || password || !QUEUE_PATH.test(pathname)) return undefined;
  return { at: 'sqs', url: pathname, region: /^sqs\.([a-z0-9-]+)\./.exec(url.hostname)?.[1], origin };
}

/** AWS in China has a domain of its own. */
const publicOrigin = (region: string): string =>
  `https://sqs.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
