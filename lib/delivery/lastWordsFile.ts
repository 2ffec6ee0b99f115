/** A small file for each slot, with what its last run that died has said. Nothing here throws: it is read and written where all is lost. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beginningOf } from '../observe/secrets.ts';

export interface Words {
  group: string;
  slot: string;
  invocation: string;
  why: string;
  /** Ids of what was in work. */
  batches: string[];
}

const WHY_CHARACTERS_MAX = 200;
const BATCHES_MAX = 64;
const BATCH_CHARACTERS_MAX = 1_024;
const BYTES_MAX = 512 * 1024;
/** Slots whose runs may have died on this machine. */
const FILES_MAX = 256;

const { O_RDONLY, O_WRONLY, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Writes it in place of what the slot had. */
export function writeWords(directory: string, words: Words): void {
  const { group, slot, batches } = words;
  const shown = batches.slice(0, BATCHES_MAX).map((id) => id.slice(0, BATCH_CHARACTERS_MAX));
  // Anybody may have put a link into a folder for temporary files.
  const flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  withFile(join(directory, `${prefixOf(group)}${hashOf(slot)}.json`), flags, (file) => {
    ftruncateSync(file);
    writeFileSync(file, JSON.stringify({ ...words, batches: shown }));
  });
}

/** What this invocation has said. Its slot need not be known: its shards may be another one's by now. */
export function findWords(
  directory: string,
  { group, invocation }: { group: string; invocation: string },
): Words | undefined {
  for (const name of namesIn(directory, prefixOf(group)).slice(0, FILES_MAX)) {
    const words = withFile(join(directory, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, readWords);
    if (words?.group === group && words.invocation === invocation) return words;
  }
  return undefined;
}

function readWords(file: number): Words | undefined {
  const { size } = fstatSync(file);
  if (size > BYTES_MAX) return undefined;
  const { group, slot, invocation, why, batches } = JSON.parse(readFileSync(file, 'utf8'));
  const texts = [group, slot, invocation, why, ...(Array.isArray(batches) ? batches : [undefined])];
  if (!texts.every((text) => typeof text === 'string')) return undefined;
  return { group, slot, invocation, why: beginningOf(why, WHY_CHARACTERS_MAX), batches };
}

/** Opens a plain file of our own. Undefined if that cannot be done, or what is done with it fails. */
function withFile<T>(path: string, flags: number, use: (file: number) => T): T | undefined {
  try {
    const file = openSync(path, flags, 0o600);
    try {
      const stats = fstatSync(file);
      const isOurs = stats.isFile() && stats.uid === (process.getuid?.() ?? stats.uid);
      return isOurs ? use(file) : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function namesIn(directory: string, prefix: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}

const HASH_CHARACTERS = 16;

/** Names of groups and slots may be as long as a file's may be. */
const hashOf = (name: string): string =>
  createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARACTERS);

const prefixOf = (group: string): string => `shardbeat-last-words-${hashOf(group)}-`;
