/**
 * What may be said of something that was thrown, which may be anything: an error whose cause is itself, an object whose getters
 * throw, a message of 100 MB. Only the fields named here are read. Whatever else hangs on an error (the request of an HTTP
 * client, with its headers and body) is not looked at, and nothing of it is called.
 */
import { types } from 'node:util';
import { beginningOf } from './secrets.ts';

/** What is kept of an error; `undefined` where it has none. */
export interface ErrorParts {
  name: string | undefined;
  message: string;
  code: string | number | undefined;
  status: number | undefined;
  requestId: string | undefined;
  retriable: boolean | undefined;
  /** The lines of the stack, without the message in front. */
  frames: string | undefined;
  cause: unknown;
  /** Of an AggregateError. */
  errors: readonly unknown[] | undefined;
}

const MESSAGE_CHARACTERS_MAX = 1_000;
const WORDLESS = 'an error without name and message';

/** `Name: message` of whatever was thrown, in so many characters, without secrets. Never throws. */
export function messageOf(thrown: unknown, charactersMax = MESSAGE_CHARACTERS_MAX): string {
  if (!isObject(thrown)) return beginningOf(textOf(thrown), charactersMax);
  const { name, message } = partsOf(thrown);
  if (name === undefined || name === '') return beginningOf(message || WORDLESS, charactersMax);
  const shownName = beginningOf(name, NAME_CHARACTERS_MAX);
  return beginningOf(message === '' ? shownName : `${shownName}: ${message}`, charactersMax);
}

/** As it is for a person: the message and where it came from, both bounded and without secrets. Never throws. */
export function explain(thrown: unknown): string {
  const frames = isObject(thrown) ? partsOf(thrown).frames : undefined;
  return messageOf(thrown) + beginningOf(frames ?? '', STACK_CHARACTERS_MAX);
}

/** The name, message and stack of what was thrown, and nothing else of it, as an error. Never throws. */
export function plainErrorOf(thrown: unknown): Error {
  const parts = isObject(thrown) ? partsOf(thrown) : undefined;
  const error = new Error(beginningOf(parts?.message ?? textOf(thrown), MESSAGE_CHARACTERS_MAX));
  const name = beginningOf(parts?.name ?? 'Error', NAME_CHARACTERS_MAX);
  Object.defineProperty(error, 'name', { value: name, enumerable: false });
  error.stack = `${name}: ${error.message}${beginningOf(parts?.frames ?? '', STACK_CHARACTERS_MAX)}`;
  return error;
}

const STACK_CHARACTERS_MAX = 4_000;
const NAME_CHARACTERS_MAX = 100;
const HUGE_CHARACTERS = 100_000;

export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || types.isNativeError(value);
  } catch {
    return false;
  }
}

/** Reads what is kept of an error, or of an object that was thrown in place of one. Never throws. */
export function partsOf(thrown: object): ErrorParts {
  const read = (field: string): unknown => readField(thrown, field);
  const text = (field: string): string | undefined => asText(read(field));
  const status = read('status') ?? read('statusCode');
  const retriable = read('retriable');
  const errors = read('errors');
  const [name, message] = [text('name'), text('message')];
  return {
    name,
    message: message ?? (isError(thrown) ? '' : describe(thrown)),
    code: asCode(read('code')),
    status: typeof status === 'number' ? status : undefined,
    requestId: text('requestId'),
    retriable: typeof retriable === 'boolean' ? retriable : undefined,
    // A stack is made when it is first read, with the message in it: of a huge one there is one already too many.
    frames: (message?.length ?? 0) > HUGE_CHARACTERS ? undefined : framesOf(text('stack'), name, message),
    cause: read('cause'),
    errors: isArray(errors) && errors.length > 0 ? errors : undefined,
  };
}

/** A field that may be a getter, of an object that may be a proxy. */
export function readField(owner: object, field: string | number): unknown {
  try {
    return (owner as Record<string | number, unknown>)[field];
  } catch {
    return undefined;
  }
}

export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    // A proxy that was revoked.
    return false;
  }
}

/** A stack begins with name and message, which are written already, and may be all that fits. */
function framesOf(
  stack: string | undefined,
  name: string | undefined,
  message: string | undefined,
): string | undefined {
  if (stack === undefined || message === undefined) return stack;
  const head = [`${name}: ${message}`, message].find((head) => head !== '' && stack.startsWith(head));
  return head === undefined ? stack : stack.slice(head.length) || undefined;
}

/** What was thrown in place of an error. Its fields may be anything; their names help. */
function describe(thrown: object): string {
  if (typeof thrown === 'function') return 'a function was thrown';
  try {
    const fields = Object.keys(thrown).slice(0, 10).join(', ');
    return `an object without a message was thrown${fields === '' ? '' : `, with ${fields}`}`;
  } catch {
    return 'an object that cannot be read was thrown';
  }
}

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function asCode(value: unknown): string | number | undefined {
  return typeof value === 'number' ? value : asText(value);
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** What is no object, as text. A number of a million digits takes long to write in tens. */
export function textOf(value: unknown): string {
  const isHuge = typeof value === 'bigint' && BigInt.asIntN(BIGINT_BITS_MAX, value) !== value;
  return isHuge ? '(a very large number)' : String(value);
}

const BIGINT_BITS_MAX = 1_024;
