/** What AWS's services answer in JSON, and how they refuse there. */
import type { HttpResponse } from '../http/exchange.ts';

/** What a service says of a failure. */
export interface AwsRefusal {
  code: string;
  message: string;
}

/** Undefined: it is no JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Undefined: it is none. */
export function objectIn(text: string): Record<string, unknown> | undefined {
  const value = jsonIn(text);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** The code is in a header, or in the answer. */
export function refusalIn({ status, headers, body }: HttpResponse): AwsRefusal {
  const { __type, message, Message } = objectIn(body.toString()) ?? {};
  const code = codeIn(headers['x-amzn-errortype'] ?? __type) || `status ${status}`;
  return { code, message: String(message ?? Message ?? 'no error message') };
}

/** Of what is written as `com.amazonaws.sqs#QueueDoesNotExist`, or with a URL behind a colon. */
export function codeIn(type: unknown): string {
  const [named = ''] = String(type ?? '').split(':');
  return named.slice(named.indexOf('#') + 1);
}
