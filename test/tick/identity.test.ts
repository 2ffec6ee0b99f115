/** What was given comes again as it was, and what is noted is not forgotten, whatever the service answers meanwhile. */
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../lib/errors.ts';
import type { PullRequest } from '../../lib/sources/source.ts';
import {
  bringNothing,
  deliveredOf,
  lettersOf,
  note,
  numbered,
  pendingOf,
  refuses,
  rounds,
  working,
} from '../support/working.ts';
import { INTERVAL_MS } from '../support/world.ts';

/** `bad 0` and what is bad of a range behind it are given up, and dead letters have no room, until they have. */
async function givenUpWithoutRoom(behind: string[], recordsMax = 1_000) {
  const { world } = await working(refuses, { attemptsMax: 1, recordsMax });
  world.source.append('0', 'bad 0');
  await rounds(world, 1);
  const { put } = world.letterBox;
  world.letterBox.put = async () => 'full';
  world.source.append('0', ...behind);
  await rounds(world, 40);
  const makeRoom = (): void => {
    world.letterBox.put = put;
  };
  return { world, makeRoom };
}

describe('a service that brings nothing where records were', () => {
  it('is asked again: the batch comes as it was, though more was written', async () => {
    const { world, given } = await working(refuses);
    world.source.append('0', 'bad 0', 'good 1');
    await rounds(world, 1);
    const noted = await pendingOf(world);
    world.source.append('0', 'good 2');
    bringNothing(world, '0', 2);
    for (const result of await rounds(world, 2)) {
      expect(result.shards).toMatchObject([
        { stopped: 'sourceFailed', error: expect.stringContaining('up to 2') },
      ]);
    }
    expect(await pendingOf(world)).toEqual(noted);
    await rounds(world, 1);
    expect(given.slice(0, 2)).toEqual([
      { id: 'orders/0/0-2', contents: ['bad 0', 'good 1'] },
      { id: 'orders/0/0-2', contents: ['bad 0', 'good 1'] },
    ]);
  });

  it('in the middle of a range, too', async () => {
    const { world, given } = await working(refuses, {
      recordsMax: 2,
      bytesMin: 1_000,
      waitMaxMs: INTERVAL_MS,
    });
    world.source.append('0', 'bad 0', 'good 1', 'good 2', 'good 3');
    await rounds(world, 3);
    bringNothing(world, '2', 1);
    await rounds(world, 2);
    expect(new Set(given.map(({ id }) => id.split('/')[2]))).toEqual(new Set(['0-4']));
  });

  it('by what its cursors tell, whatever else it says', async () => {
    const { world } = await working(refuses);
    world.source.distance = (from, to) => Number(to) - Number(from);
    world.source.append('0', 'bad 0', 'good 1');
    await rounds(world, 1);
    const { pull } = world.source;
    world.source.pull = async (request: PullRequest) => {
      const pulled = await pull(request);
      return { ...pulled, records: [], count: 0, nextCursor: request.cursor, endOfShard: true };
    };
    const [result] = await rounds(world, 1);
    expect(result!.shards).toMatchObject([{ stopped: 'sourceFailed' }]);
    expect(await pendingOf(world)).toMatchObject({ to: '2', attempts: 1 });
  });

  it('and whose shard begins behind them has dropped them: it goes on there', async () => {
    const { world } = await working(refuses);
    world.source.distance = (from, to) => Number(to) - Number(from);
    world.source.append('0', 'bad 0', 'good 1', 'good 2');
    await rounds(world, 1);
    bringNothing(world, '0', Number.POSITIVE_INFINITY);
    const { cursorAt } = world.source;
    world.source.cursorAt = async (shard, position, signal) =>
      position.at === 'begin' ? '2' : cursorAt(shard, position, signal);
    const [result] = await rounds(world, 1);
    expect(result!.shards).toMatchObject([{ expired: { positions: 2 } }]);
    expect(deliveredOf(world)).toEqual(['good 2']);
    expect(await pendingOf(world)).toBeUndefined();
  });

  it('behind the range: no record that is given up there is passed without a dead letter', async () => {
    const { world, makeRoom } = await givenUpWithoutRoom(['bad 1', 'bad 2', 'good 3', 'good 4']);
    expect(await pendingOf(world)).toMatchObject({ condemned: { count: 3, resume: 4 } });
    makeRoom();
    const { pull } = world.source;
    const oneAtATime = (request: PullRequest) => pull({ ...request, countMax: 1 });
    world.source.pull = oneAtATime;
    bringNothing(world, '2', 1);
    const [result] = await rounds(world, 1);
    expect(result!.shards).toMatchObject([{ stopped: 'deadline' }]);
    expect(lettersOf(world)).toEqual([]);
    await rounds(world, 1);
    expect(lettersOf(world)).toEqual(['bad 0', 'bad 1', 'bad 2']);
    expect(deliveredOf(world)).toEqual(['good 3', 'good 4']);
  });
});

it('a range behind the one in work is read to its noted end, through any number of answers without a record', async () => {
  const { world, makeRoom } = await givenUpWithoutRoom(['bad 1', ...numbered(40)]);
  expect(await pendingOf(world)).toMatchObject({
    behind: [{ to: '42', count: 41 }],
    condemned: { count: 2 },
  });
  makeRoom();
  const { pull } = world.source;
  // The service filters: all that it finds comes with the last answer.
  world.source.pull = async (request: PullRequest) => {
    const next = Number(request.cursor) + 1;
    if (request.endCursor !== '42' || next >= 42)
      return pull({ ...request, cursor: request.endCursor === '42' ? '1' : request.cursor });
    const nothing = { records: [], count: 0, bytes: 0, nextCursor: String(next), lagMs: 0 };
    return { ...nothing, caughtUp: false, endOfShard: false };
  };
  await rounds(world, 1);
  expect(lettersOf(world)).toEqual(['bad 0', 'bad 1']);
});

it('a source that cannot stop at the noted end is taken at its word: what it read beyond is no range of its own any more', async () => {
  const { world, makeRoom } = await givenUpWithoutRoom(['bad 1', 'bad 2', 'good 3', 'good 4']);
  expect(await pendingOf(world)).toMatchObject({ behind: [{ to: '5', count: 4 }], condemned: { count: 3 } });
  makeRoom();
  world.source.distance = (from, to) => Number(to) - Number(from);
  const { pull } = world.source;
  let times = 0;
  world.source.pull = async ({ endCursor: _endCursor, ...request }: PullRequest) =>
    pull(times++ === 0 ? { ...request, countMax: 2 } : request);
  await rounds(world, 2);
  expect(lettersOf(world)).toEqual(['bad 0', 'bad 1', 'bad 2']);
  expect(deliveredOf(world)).toEqual(['good 3', 'good 4']);
  expect(await pendingOf(world)).toBeUndefined();
});

it('a run in which the service fails behind a block leaves nothing as if it were in work', async () => {
  const { world } = await working(refuses, { attemptsMax: 1 });
  world.source.append('0', 'bad 0');
  await rounds(world, 1);
  world.clock.advance(20 * INTERVAL_MS);
  const { pull } = world.source;
  world.source.pull = async (request: PullRequest) => {
    if (request.cursor !== '1') return pull(request);
    throw new SourceError('out of order', { code: 'InternalServerError', status: 500, retriable: true });
  };
  const [result] = await rounds(world, 1, { cold: true });
  expect(result!.shards).toMatchObject([{ stopped: 'sourceFailed' }]);
  // That it was tried again is noted, too.
  const { inWork, ...noted } = (await pendingOf(world))!;
  expect([inWork, noted]).toMatchObject([undefined, { block: 1, tried: 1 }]);
  world.source.pull = pull;
  world.source.append('0', 'good 1');
  await rounds(world, 1, { cold: true, first: 1 });
  expect(world.events.filter(({ event }) => event === 'batch.died')).toEqual([]);
  expect(lettersOf(world)).toEqual(['bad 0']);
});

it('what was noted of a range with another size comes in that size, whatever the limit is by now', async () => {
  const { world, given } = await working(() => {}, { recordsMax: 1_000 });
  world.source.append('0', ...numbered(10));
  await note(world, { to: '10', count: 10, done: 2, size: 5, attempts: 1, firstAt: 1, lastAt: 1 });
  world.settings.delivery = { ...world.settings.delivery, recordsMax: 2 };
  await rounds(world, 1, { cold: true });
  expect(given.map(({ id }) => id.split('/').slice(2).join('/'))).toEqual([
    '0-10/2-7',
    '0-10/7-9',
    '0-10/9-10',
  ]);
});

it('a source that cannot stop at a noted end is asked for no more than what leads there', async () => {
  const { world, makeRoom } = await givenUpWithoutRoom(['bad 1', 'good 2'], 10);
  expect(await pendingOf(world)).toMatchObject({ behind: [{ to: '3', count: 2 }], condemned: { count: 2 } });
  world.source.append('0', ...numbered(200));
  makeRoom();
  world.source.distance = (from, to) => Number(to) - Number(from);
  const { pull } = world.source;
  world.source.pull = async ({ endCursor, ...request }: PullRequest) =>
    pull({ ...request, ...(request.cursor === '0' && { endCursor }) });
  world.settings.batchesMax = 1;
  world.source.pulls.length = 0;
  await rounds(world, 1);
  expect(world.source.pulls).toHaveLength(3);
  expect(lettersOf(world)).toEqual(['bad 0', 'bad 1']);
});

it('a retention that passes while a range is read again leaves no hole in it: what comes is called as before', async () => {
  const { world, given } = await working(() => {}, { recordsMax: 1 });
  world.source.append('0', ...numbered(6));
  await note(world, { to: '6', count: 6, done: 1, attempts: 0 });
  world.source.distance = (from, to) => Number(to) - Number(from);
  const { pull, cursorAt } = world.source;
  world.source.cursorAt = async (shard, position, signal) =>
    position.at === 'begin' ? '4' : cursorAt(shard, position, signal);
  world.source.pull = async (request: PullRequest) =>
    pull(request.cursor === '2' ? { ...request, cursor: '4' } : request);
  await rounds(world, 1, { cold: true });
  expect(given).toEqual([{ id: 'orders/0/0-6/4-6', contents: ['good 4', 'good 5'] }]);
});
