import { expect, it } from 'vitest';
import type { DeadLetterStore } from '../../lib/delivery/deadLetters/deadLetters.ts';
import { createMemoryDeadLetters } from '../../lib/delivery/deadLetters/memory.ts';
import { type OperatedLetters, operateOnLetters } from '../../lib/delivery/openLetters.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import { createManualClock } from '../support/clock.ts';
import { collected, letterOf } from '../support/letters.ts';

async function stage(given: Partial<OperatedLetters> = {}) {
  const clock = createManualClock();
  const letters = createMemoryDeadLetters({ letters: new Map(), lettersMax: 10, now: clock.now });
  await letters.put([letterOf(0)], { signal: new AbortController().signal });
  return operateOnLetters({
    letters,
    source: undefined,
    group: 'orders',
    clock,
    now: clock.now,
    synchronize: async () => {},
    logger: createLogger({ level: 'error', now: clock.now, write: () => {} }),
    ...given,
  });
}

const never = () => expect.unreachable('it was given');

it.each([
  // All are older, and younger, than no number.
  ['olderThanMs', Number.NaN, 'write a number of milliseconds'],
  ['youngerThanMs', Number.NaN, 'write a number of milliseconds'],
  ['olderThanMs', Number.NEGATIVE_INFINITY, 'write a number of milliseconds'],
  ['olderThanMs', -1, 'write a number of milliseconds'],
  ['olderThanMs', '30d', 'write a number of milliseconds'],
  // In every text is this one.
  ['error', '', 'write a text, or leave it out'],
  ['error', null, 'write a text, or leave it out'],
  ['shard', 3, 'write a text, or leave it out'],
  ['id', '', 'write a text, or leave it out'],
  ['olderThan', '30d', 'write any of id, shard, olderThanMs, youngerThanMs, error'],
  ['constructor', 1, 'there is no such name'],
  ['youngerThanMs', Number.POSITIVE_INFINITY, 'write a number of milliseconds'],
])('a filter that cannot be understood touches no dead letter: %s %s', async (name, value, remedy) => {
  const group = await stage();
  // Beside one that is fine, too.
  const filter = { shard: '0', [name]: value } as object;
  const refused = (field: string) => ({
    name: 'SettingsError',
    field: `${field}.${name}`,
    message: expect.stringContaining(remedy),
  });
  await expect(group.dropDeadLetters(filter)).rejects.toMatchObject(refused('which'));
  await expect(group.redrive({ eachBatch: never }, filter)).rejects.toMatchObject(refused('request'));
  await expect(collected(group.deadLetters(filter))).rejects.toMatchObject(refused('filter'));
  expect(await collected(group.deadLetters())).toHaveLength(1);
});

it.each([
  [{ lettersMax: 0 }, 'request.lettersMax: 0 cannot be used: write a whole number from 1'],
  [{ lettersMax: Number.NaN }, 'request.lettersMax: NaN'],
  [{ dryRun: 'false' }, 'request.dryRun: "false" cannot be used: write true or false'],
  ['all', 'request: "all" cannot be used: write an object, with any of id, shard'],
])('a redrive that cannot be understood gives nothing: %j', async (request, message) => {
  const group = await stage();
  await expect(group.redrive({ eachBatch: never }, request as object)).rejects.toThrow(message);
});

it('what is left out is fine, and to drop, one has to say of which', async () => {
  const group = await stage();
  const some = { shard: undefined, error: 'NO SUCH', olderThanMs: 0, youngerThanMs: undefined };
  const least = { id: undefined, shard: undefined };
  for (const which of [{}, least, null, 'ALL', ['all']]) {
    await expect(group.dropDeadLetters(which as object)).rejects.toMatchObject({ field: 'which' });
  }
  expect(await group.redrive({ eachBatch: never }, { ...some, lettersMax: 1, dryRun: true })).toMatchObject({
    found: 0,
    left: 1,
  });
  expect(await group.dropDeadLetters({ ...least, error: 'NO SUCH' })).toEqual({ dropped: 1, skipped: 0 });
});

it('the time of the place is asked for before anything is done by it', async () => {
  let asked = 0;
  const group = await stage({
    async synchronize() {
      asked++;
    },
  });
  await collected(group.deadLetters());
  expect(asked).toBe(1);
  await group.redrive({ eachBatch: never }, { dryRun: true });
  expect(asked).toBe(2);
  await group.dropDeadLetters('all');
  expect(asked).toBe(3);
});

it('what could not be dropped, since somebody else has it by now, is counted as skipped', async () => {
  const clock = createManualClock();
  const letters = createMemoryDeadLetters({ letters: new Map(), lettersMax: 10, now: clock.now });
  await letters.put([letterOf(0)], { signal: new AbortController().signal });
  const lost: DeadLetterStore = {
    ...letters,
    async *claims(filter, options) {
      for await (const claim of letters.claims(filter, options)) {
        yield claim === 'taken' ? claim : { ...claim, remove: async () => false };
      }
    },
  };
  const group = await stage({ letters: lost });
  expect(await group.dropDeadLetters('all')).toEqual({ dropped: 0, skipped: 1 });
});
