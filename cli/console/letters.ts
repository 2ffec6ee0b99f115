/** Dead letters as the page shows them. */
import { isUtf8 } from 'node:buffer';
import type { KeptLetter, LetterFilter, OpenGroup } from '../../lib/operations.ts';
import { reasonText } from '../letters.ts';
import type { Content, Letter, LetterAnswer, LettersAnswer } from './feed.ts';
import { Refused } from './refused.ts';

const LIMIT = 100;
const LIMIT_MAX = 1_000;
/** Of what a record holds, for a person: the whole is shown by the command line. */
const VALUE_BYTES_MAX = 64 * 1024;
const RECORD_BYTES_MAX = 512 * 1024;
const FIELDS_MAX = 1_000;

/** Those that fit, as `dead-letters?shard=ID&error=TEXT&limit=N` asks. */
export async function listLetters(
  group: Pick<OpenGroup, 'deadLetters' | 'countDeadLetters'>,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<LettersAnswer> {
  const limit = limitIn(query.get('limit'));
  const [shard, error] = [query.get('shard') || undefined, query.get('error') || undefined];
  const filter: LetterFilter = {
    ...(shard !== undefined && { shard }),
    ...(error !== undefined && { error }),
  };
  const found: KeptLetter[] = [];
  for await (const letter of group.deadLetters(filter, { signal })) {
    found.push(letter);
    if (found.length > limit) break;
  }
  const letters = found.slice(0, limit).toSorted((one, other) => other.givenUpAt - one.givenUpAt);
  const all = await group.countDeadLetters({ signal });
  return { all, letters: letters.map(letterOf), more: found.length > limit };
}

function limitIn(text: string | null): number {
  if (text === null) return LIMIT;
  const limit = Number(text);
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new Refused(400, `limit: write a whole number from 1 to ${LIMIT_MAX}.`);
}

/** Undefined: there is none with this id (any more). */
export async function findLetter(
  group: Pick<OpenGroup, 'deadLetters' | 'countDeadLetters'>,
  id: string,
  signal: AbortSignal,
): Promise<KeptLetter | undefined> {
  for await (const letter of group.deadLetters({ id }, { signal })) return letter;
  return undefined;
}

export function letterOf(letter: KeptLetter): Letter {
  const { id, shard, givenUpAt, timeMs, reason, attempts, firstAt, lastAt, message, redrives } = letter;
  const { redriveMessage, claimedUntil } = letter;
  return {
    ...{
      id,
      shard,
      givenUpAt,
      timeMs,
      reason,
      why: reasonText(reason),
      attempts,
      firstAt,
      lastAt,
      message,
      redrives,
    },
    ...(redriveMessage !== undefined && { redriveMessage }),
    ...(claimedUntil !== undefined && { claimedUntil }),
  };
}

/** With its payload. */
export function letterAnswer(letter: KeptLetter): LetterAnswer {
  const { stream, from, to, index, functionVersion, record } = letter;
  return {
    ...letterOf(letter),
    ...{ stream, from, to, index },
    ...(functionVersion !== undefined && { functionVersion }),
    ...(record !== undefined && { record: { ...originOf(record), ...fieldsOf(record) } }),
  };
}

type Kept = NonNullable<KeptLetter['record']>;

const originOf = ({ topic, source, tags }: Kept) => ({ topic, source, tags });

function fieldsOf({ pairs }: Kept): Pick<NonNullable<LetterAnswer['record']>, 'fields' | 'fieldsLeft'> {
  const fields: { key: Content; value: Content }[] = [];
  let left = RECORD_BYTES_MAX;
  for (const [key, value] of pairs) {
    if (left <= 0 || fields.length === FIELDS_MAX) break;
    const field = { key: contentOf(key, left), value: contentOf(value, left) };
    left -= field.key.text.length + field.value.text.length;
    fields.push(field);
  }
  return { fields, fieldsLeft: pairs.length - fields.length };
}

/** A cut never divides a character, but for bytes that are none. */
function contentOf(bytes: Uint8Array, bytesMax: number): Content {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const most = Math.min(VALUE_BYTES_MAX, bytesMax);
  if (!isUtf8(whole)) {
    const shown = whole.subarray(0, Math.floor(most / 2));
    return { text: shown.toString('hex'), as: 'hex', bytes: whole.length, cut: shown.length < whole.length };
  }
  if (whole.length <= most) return { text: whole.toString(), as: 'text', bytes: whole.length, cut: false };
  const text = new TextDecoder().decode(whole.subarray(0, most), { stream: true });
  return { text, as: 'text', bytes: whole.length, cut: true };
}
