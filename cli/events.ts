/** What happens while a command works, in lines for people: an event of the log, or what the user's module logs. */
import type { AnyLogger } from '../lib/index.ts';
import { plain } from './text.ts';

const PASS = () => {};

/** Warnings and errors, each a line: what happened, to what, and the message. What went well, the command says itself. */
export function sayEvents(say: (line: string) => void): AnyLogger {
  const tell = (message: string, fields: Record<string, unknown>): void =>
    say(plain(lineOf(message, fields)));
  return { debug: PASS, info: PASS, warn: tell, error: tell };
}

function lineOf(message: string, { event: _event, error, text, ...fields }: Record<string, unknown>): string {
  const about = Object.entries(fields).map(([name, value]) => `${name} ${wordOf(value)}`);
  const said = [text, messageIn(error)].filter((part) => part !== undefined).map(wordOf);
  return [[message, ...about].join(', '), ...said].join(': ');
}

/** Errors are plain here, as in the log. */
const messageIn = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'message' in error ? error.message : error;

const wordOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
