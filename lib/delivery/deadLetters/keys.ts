/** Names for shards and letters that any place takes: letters, digits, `-`, `_`, `.`, and `!` with two digits for any other byte. */
import { createHash } from 'node:crypto';

/** Together they stay under the 1,024 bytes that keys may have in S3 and in DynamoDB. */
const SHARD_CHARACTERS_MAX = 200;
const ID_CHARACTERS_MAX = 400;

export const shardName = (shard: string): string => named(shard, SHARD_CHARACTERS_MAX);

/** Where a letter is, among those of its group. No other letter is there. */
export const letterKey = (shard: string, id: string): string =>
  `${shardName(shard)}/${named(id, ID_CHARACTERS_MAX)}`;

/** Of a name that is too long, the beginning and a hash. `!.` is in no other one. */
function named(text: string, charactersMax: number): string {
  const name = Buffer.from(text.toWellFormed()).reduce((name, byte) => name + characterOf(byte), '');
  if (name.length <= charactersMax && !STEP.test(name)) return name;
  const hash = createHash('sha256').update(text).digest('hex');
  return `${name.slice(0, charactersMax - hash.length - 2)}!.${hash}`;
}

/** Of a path: it would name another place. */
const STEP = /^\.{1,2}$/;

function characterOf(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[\w.-]/.test(character) ? character : `!${byte.toString(16).padStart(2, '0')}`;
}
