import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WireAnswer, WireRequest } from './wire.ts';

/**
 * What a client that is not ours said to a local service, and what it was answered. The service's clock stood at `atMs`
 * meanwhile, so that signatures, dates and cursors hold whenever this is replayed.
 */
export interface Golden {
  /** Whose requests these are. */
  client: string;
  account: { accessKeyId: string; accessKeySecret: string; securityToken?: string };
  /** When the service was started, and what its clients found there made. */
  startedAtMs: number;
  exchanges: Exchange[];
}

export interface SlsGolden extends Golden {
  logstore?: { project: string; name: string; shards: number };
}

export interface ClsGolden extends Golden {
  logset?: string;
  topics?: { id: string; partitions: number }[];
}

export interface Exchange {
  atMs: number;
  request: { method: string; target: string; headers: Record<string, string> } & Body;
  answer: { status: number; headers: Record<string, string> } & Body;
}

/** JSON as it was sent, to be read by people; anything else in base64; neither if there was no body. */
interface Body {
  text?: string;
  base64?: string;
}

/** What a signature covers and what the service looks at. Not the user agent, which names the machine. */
const REQUEST_HEADERS =
  /^(accept|accept-encoding|authorization|content-md5|content-type|date|host|x-(log|acs|cls|tc)-.+)$/;
/** What clients read, but for what differs in every answer. */
const ANSWER_HEADERS = /^(content-type|x-(log|cls)-(?!requestid$).+)$/;

export function toExchange(atMs: number, request: WireRequest, answer: WireAnswer): Exchange {
  const { method, target } = request;
  return {
    atMs,
    request: { method, target, headers: only(REQUEST_HEADERS, request.headers), ...toBody(request) },
    answer: { status: answer.status, headers: only(ANSWER_HEADERS, answer.headers), ...toBody(answer) },
  };
}

export function bytesOf({ text, base64 }: Body): Buffer {
  return text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text);
}

/** A name says which service it was, too: `sls/go-consumer`. */
export async function writeGolden(name: string, golden: Golden): Promise<void> {
  await writeFile(pathOf(name), `${JSON.stringify(golden, null, 2)}\n`);
}

export async function readGolden<G extends Golden>(name: string): Promise<G> {
  return JSON.parse(await readFile(pathOf(name), 'utf8')) as G;
}

function pathOf(name: string): string {
  return join(import.meta.dirname, `${name}.json`);
}

function toBody({ headers, body }: { headers: Readonly<Record<string, string>>; body: Buffer }): Body {
  if (body.length === 0) return {};
  const text = body.toString();
  const isText = headers['content-type'] === 'application/json' && Buffer.from(text).equals(body);
  return isText ? { text } : { base64: body.toString('base64') };
}

function only(names: RegExp, headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.test(name)));
}
