import type { DeadLetter } from '../../../lib/delivery/deadLetters/deadLetters.ts';
import type { Given } from './given.ts';
import type { Entry, Ledger, Run } from './ledger.ts';

/** Where the dead letters of a run go: without room for a while, and looked at as they come. */
export interface Letters {
  isFull: boolean;
  box(run: Run): { put(letters: readonly DeadLetter[]): Promise<'kept' | 'full'> };
}

export interface LetterRules {
  attemptsMax: number;
  ageMaxMs: number | undefined;
  onPoison: 'deadLetter' | 'block';
  now(): number;
}

/** Clocks of the services count seconds. */
const SECOND_MS = 1_000;

export function createLetters(ledger: Ledger, given: Given, rules: LetterRules): Letters {
  const letters: Letters = {
    isFull: false,
    box: (run) => ({
      async put(some) {
        if (letters.isFull) return 'full';
        for (const letter of some) keep(run, letter);
        return 'kept';
      },
    }),
  };
  const ids = new Map<string, Entry>();

  const keep = (run: Run, letter: DeadLetter): void => {
    const { id, pairs } = letter;
    const content = pairs.find(([name]) => String(Buffer.from(name)) === 'content')![1];
    const entry = ledger.entry(String(Buffer.from(content)));
    const { letter: before = letter, shard } = entry;
    const other = ids.get(id) ?? entry;
    if (before.id !== id || other !== entry || shard !== letter.shard) {
      ledger.fail(`${entry.content} of ${shard} is kept as ${id}, and ${other.content} as ${before.id}`);
    }
    ids.set(id, entry);
    const why = ledger.isUnordered(shard) ? undefined : whyNot(run, letter, entry);
    if (why !== undefined) ledger.fail(`${run.slot} gives up ${entry.content} of ${shard}: ${why}`);
    entry.letter = { id, at: ledger.next() };
  };

  const whyNot = (run: Run, { reason }: DeadLetter, entry: Entry): string | undefined => {
    const { shard, processed, tries, firstFailedAt, putAt, wantedFrom } = entry;
    const since = Math.max(wantedFrom, ledger.takenOverAt(shard));
    if (processed && processed.at >= since && !processed.run.died) return 'it was processed';
    const { ageMaxMs = Number.POSITIVE_INFINITY } = rules;
    const ageMs = rules.now() - putAt;
    if (reason === 'tooOld') return ageMs >= ageMaxMs - SECOND_MS ? undefined : `it is ${ageMs} ms old`;
    if (rules.onPoison === 'block') return 'its shard was to stop there';
    const { deaths } = given;
    if (tries.length + deaths < rules.attemptsMax) return `after ${tries.length} attempts, ${deaths} deaths`;
    // Those who died before they gave it have left no trace here.
    // What a run died of is given up by what its slot had seen by then.
    const slots = [run.slot, ...tries.map((each) => each.run.slot)];
    const isProven = firstFailedAt === undefined || given.hasSucceededSince(firstFailedAt, slots, shard);
    return isProven ? undefined : 'nothing else has succeeded';
  };
  return letters;
}
