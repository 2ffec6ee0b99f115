/** How far a shard is from the ends of what the service keeps: asked beside the work, and measured with the tick. */
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../lib/errors.ts';
import { createLogger } from '../../lib/observe/logger.ts';
import type { Source } from '../../lib/sources/source.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { createRetention } from '../../lib/tick/retention.ts';
import { createManualClock } from '../support/clock.ts';
import { createGroup, INTERVAL_MS } from '../support/world.ts';
import { clsStage } from './stages/cls.ts';
import { slsStage } from './stages/sls.ts';

const HOUR_MS = 3_600_000;
const unauthorized = new SourceError('you may not', { code: 'Unauthorized', status: 401, retriable: false });

/** Two records in each pull, one pull in each tick. */
function behind(given: Partial<Source> = {}, settings: Partial<TickSettings> = { batchesMax: 1 }) {
  const clock = createManualClock();
  const asked: string[] = [];
  const memory = createMemorySource({ shards: ['0', '1'], recordsMax: 2, now: clock.now });
  const source = {
    ...memory,
    cursorAt: async (...request: Parameters<Source['cursorAt']>) => {
      asked.push(`${request[0]} ${request[1].at}`);
      return memory.cursorAt(...request);
    },
    ...given,
  };
  const world = createGroup({ clock, source }, settings);
  const events: { event: string }[] = [];
  const logger = createLogger({
    level: 'debug',
    now: clock.now,
    write: (line) => events.push(JSON.parse(line)),
  });
  const retention = createRetention(source, { clock, logger });
  const tick = async () => {
    const { shards } = await world.tick('a', 'a', { source, retention, logger });
    clock.advance(INTERVAL_MS);
    return shards.find(({ shard }) => shard === '0');
  };
  /** Each a second after the one before. */
  const append = (...contents: string[]): void => {
    for (const content of contents) {
      memory.append('0', content);
      clock.advance(1_000);
    }
  };
  return { world, append, clock, asked, events, tick };
}

describe('the lag in positions', () => {
  it('is what was left at the shard’s end, and costs a request as long as the shard is behind', async () => {
    const { append, asked, tick } = behind();
    for (let round = 0; round < 4; round++) await tick();
    asked.length = 0;
    append('1', '2', '3', '4', '5');
    expect(await tick()).not.toHaveProperty('lagPositions');
    expect(asked).toEqual([]);
    expect(await tick()).toMatchObject({ cursor: '4', lagPositions: 1 });
    expect(asked).toEqual(['0 end']);
    expect(await tick()).toMatchObject({ cursor: '5', lagPositions: 0 });
    asked.length = 0;
    expect(await tick()).toMatchObject({ stopped: 'caughtUp', lagPositions: 0 });
    expect(asked).toEqual([]);
  });

  it('is known of a shard that stands still because of its records', async () => {
    const { world, append, tick } = behind();
    for (let round = 0; round < 4; round++) await tick();
    append('bad');
    world.eachBatch = async () => {
      throw new Error('cannot take it');
    };
    await tick();
    append('more');
    expect(await tick()).toMatchObject({ cursor: '0', lagPositions: 2 });
  });

  it('holds nothing up, and fails nothing, where the service does not tell', async () => {
    const { append, events, tick } = behind();
    for (let round = 0; round < 4; round++) await tick();
    append('1', '2', '3', '4', '5', '6', '7');
    await tick();
    const hanging = behind({
      cursorAt: async (_shard, { at }) => (at === 'end' ? new Promise(() => {}) : '0'),
    });
    for (let round = 0; round < 4; round++) await hanging.tick();
    hanging.append('1', '2', '3', '4', '5');
    await hanging.tick();
    const waiting = await hanging.tick();
    expect(waiting).toMatchObject({ stopped: 'batchesMax', cursor: '4' });
    expect(waiting).not.toHaveProperty('lagPositions');
    const failing = behind({
      cursorAt: async (_shard, { at }) => (at === 'end' ? Promise.reject(unauthorized) : '0'),
    });
    for (let round = 0; round < 4; round++) await failing.tick();
    failing.append('1', '2', '3', '4', '5');
    await failing.tick();
    expect(await failing.tick()).toMatchObject({ stopped: 'batchesMax', cursor: '4' });
    expect(failing.events).toContainEqual(expect.objectContaining({ event: 'lag.unknown', shard: '0' }));
    expect(events.map(({ event }) => event)).not.toContain('lag.unknown');
  });
});

describe('the time that the retention leaves', () => {
  it('is the retention without the lag, and is asked for once an hour for all shards of a stream', async () => {
    let questions = 0;
    const retentionMs = async () => {
      questions++;
      return 24 * HOUR_MS;
    };
    const { append, clock, tick } = behind({ retentionMs });
    for (let round = 0; round < 4; round++) await tick();
    expect(questions).toBe(1);
    append('1', '2');
    clock.advance(HOUR_MS / 2 - 1_000);
    append('3');
    expect(await tick()).toMatchObject({ lagMs: HOUR_MS / 2, retentionLeftMs: 23.5 * HOUR_MS });
    expect(questions).toBe(1);
    clock.advance(HOUR_MS / 2);
    await tick();
    expect(questions).toBe(2);
  });

  it('is not known where the service does not tell, which is said once an hour', async () => {
    const { events, tick, clock } = behind({ retentionMs: () => Promise.reject(unauthorized) });
    for (let round = 0; round < 4; round++) await tick();
    expect(await tick()).toMatchObject({ lagMs: 0 });
    expect(await tick()).not.toHaveProperty('retentionLeftMs');
    const told = () => events.filter(({ event }) => event === 'retention.unknown');
    expect(told()).toEqual([expect.objectContaining({ level: 'warn', remedy: expect.any(String) })]);
    clock.advance(HOUR_MS);
    await tick();
    expect(told()).toHaveLength(2);
  });

  it('is asked for again in the next tick where this one was over before an answer', async () => {
    const signals: AbortSignal[] = [];
    const retentionMs = (_shard: string, signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<number>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    };
    const { events, tick } = behind({ retentionMs });
    for (let round = 0; round < 4; round++) await tick();
    expect(signals.length).toBeGreaterThanOrEqual(2);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(events.map(({ event }) => event)).not.toContain('retention.unknown');
  });
});

it.each([
  ['SLS', slsStage],
  ['CLS', clsStage({})],
])('the retention of a local %s is that of its stream', async (_name, start) => {
  const stage = await start({ clock: createManualClock(), shards: 1 });
  const told = stage.source.retentionMs?.(stage.shard(0), new AbortController().signal);
  expect(await told).toBe(24 * HOUR_MS);
  await stage.close();
});
