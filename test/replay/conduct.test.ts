import { expect, it } from 'vitest';
import { createMemoryDeadLetters } from '../../lib/delivery/deadLetters/memory.ts';
import { StoreError } from '../../lib/errors.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import { conductReplay } from '../../lib/replay/conduct.ts';
import type { ReplayTurned } from '../../lib/replay/replay.ts';
import { createManualClock } from '../support/clock.ts';

const { signal } = new AbortController();
const request = { id: 'some', from: 1_000, to: 9_000, slots: 1 };
const begun = {
  ...{ begun: true as const, group: 'orders', table: 'shardbeat', unit: 'log groups', patienceMs: 1_000 },
  shards: [{ shard: '0', from: 'a', to: 'b', positions: 10 }],
};
const turned = (outcome: ReplayTurned['outcome'], isDone = false): ReplayTurned => ({
  ...{ outcome, batches: 0, records: 0, bytes: 0, expired: 0, errors: [] },
  shards: isDone ? [{ shard: '0', state: 'done', parents: [], left: 0 }] : [],
});

/** With a function that does this in one turn after another. */
function conduct(turns: (() => ReplayTurned)[]) {
  const clock = createManualClock();
  const sleep = async (durationMs: number) => clock.advance(durationMs);
  return conductReplay(
    {
      store: createMemoryStore(new Map(), 'orders#replay'),
      letters: createMemoryDeadLetters({ letters: new Map(), lettersMax: 1, now: clock.now }),
      dropLetters: async () => {},
      steps: { begin: async () => begun, turn: async () => (turns.shift() ?? (() => turned('gone')))() },
      clock: { ...clock, sleep },
      now: clock.now,
    },
    request,
    { signal },
  );
}

const failing = (code: string, retriable: boolean) => () => {
  throw new StoreError('no', { code, outcome: 'unknown', retriable });
};

it('a replay that somebody has removed ends with that, and so does one of a function whose settings have changed', async () => {
  await expect(conduct([() => turned('worked')])).rejects.toThrow('the replay is no longer there');
  await expect(conduct([() => turned('disagrees')])).rejects.toThrow('settings of the function were changed');
});

it('a run that cannot be begun is tried again, for some minutes; one that is refused for good is not', async () => {
  const throttled = failing('TooManyRequestsException', true);
  const done = [throttled, throttled, () => turned('worked', true)];
  await expect(conduct(done)).resolves.toMatchObject({ stopped: 'done', goOnFrom: undefined });
  await expect(conduct(Array.from({ length: 500 }, () => throttled))).rejects.toThrow('no');
  await expect(conduct([failing('AccessDeniedException', false), ...done])).rejects.toThrow('no');
});

it('a function that fails again and again, and notes nothing of it, is asked no more', async () => {
  const failed = failing('FunctionFailed', false);
  const times = (count: number) => Array.from({ length: count }, () => failed);
  await expect(conduct([...times(5), () => turned('worked', true)])).resolves.toMatchObject({
    stopped: 'done',
  });
  await expect(conduct([...times(6), () => turned('worked', true)])).rejects.toThrow('no');
});
