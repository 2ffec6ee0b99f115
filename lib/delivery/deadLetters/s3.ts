import type { DeadLetterStore } from './deadLetters.ts';
import { kept } from './kept.ts';
import { letterKey, shardName } from './keys.ts';
import { readLetter, writeLetter } from './letterText.ts';
import { createRoom } from './room.ts';
import { createS3Objects, type S3Options } from './s3Objects.ts';
import { createShelvedLetters, type Shelf } from './shelf.ts';

export interface S3DeadLettersOptions extends S3Options {
  /** Empty, or ends in `/`. */
  prefix: string;
  group: string;
  lettersMax: number;
  now: () => number;
}

const ENDING = '.json';

/** Dead letters as objects of a bucket, each as JSON under `prefix/group/shard/id.json`. */
export function createS3DeadLetters(options: S3DeadLettersOptions): DeadLetterStore {
  const { prefix, group, lettersMax, now } = options;
  const objects = createS3Objects(options);
  const root = `${prefix}${group}/`;
  const keyOf = ({ shard, id }: { shard: string; id: string }): string =>
    `${root}${letterKey(shard, id)}${ENDING}`;

  async function* keysBelow(folder: string, options: { signal: AbortSignal }): AsyncGenerator<string> {
    let next: string | undefined;
    do {
      const page = await objects.list(folder, next, options);
      yield* page.keys.filter((key) => key.endsWith(ENDING));
      next = page.next;
    } while (next !== undefined);
  }

  async function count(options: { signal: AbortSignal }): Promise<number> {
    let count = 0;
    for await (const _key of keysBelow(root, options)) count++;
    return count;
  }

  const room = createRoom(lettersMax, { now, count });

  const shelf: Shelf<string> = {
    async add(letter, options) {
      const key = keyOf(letter);
      if (!(await room.take(options))) return (await objects.exists(key, options)) ? 'kept' : 'full';
      const put = await objects.put(key, writeLetter(kept(letter)), { absent: true }, options);
      if (put === undefined) room.giveBack();
      return 'kept';
    },
    count,
    async *entries(shard, options) {
      const folder = shard === undefined ? root : `${root}${shardName(shard)}/`;
      for await (const key of keysBelow(folder, options)) {
        const found = await objects.get(key, options);
        const letter = found && readLetter(found.text);
        // What somebody else has put there is left alone.
        if (letter !== undefined && keyOf(letter) === key) yield { letter, version: found!.etag };
      }
    },
    async write({ letter, version }, state, options) {
      const written = { ...letter, ...state };
      const put = await objects.put(keyOf(letter), writeLetter(written), { etag: version }, options);
      return put && { letter: written, version: put.etag };
    },
    async remove({ letter, version }, options) {
      const answer = await objects.remove(keyOf(letter), version, options);
      if (answer === 'removed') room.giveBack();
      return answer !== 'refused';
    },
  };
  return createShelvedLetters(shelf, now);
}
