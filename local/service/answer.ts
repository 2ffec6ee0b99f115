import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export const NOTHING = new Uint8Array(0);

export function json(value: unknown, status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** Sends an answer. The date is that of the service's clock, not the host's: clients measure their skew against it. */
export function send(response: ServerResponse, answer: Answer, nowMs: number): void {
  response.sendDate = false;
  response.writeHead(answer.status, {
    date: new Date(nowMs).toUTCString(),
    'content-length': answer.body.byteLength,
    ...answer.headers,
  });
  response.end(answer.body);
}
