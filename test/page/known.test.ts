import { describe, expect, it } from 'vitest';
import type { ShardState } from '../../cli/console/feed.ts';
import { droppedText, redrivenText } from '../../cli/console/page/letterTexts.ts';
import { shardGroupsOf } from '../../cli/console/page/order.ts';
import { begun, changed } from '../../cli/console/page/seen.ts';
import { meaningOf, spanText } from '../../cli/console/page/words.ts';
import { SAMPLE_NOW, sampleBegin, sampleChange } from '../cli/console/sampleFeed.ts';

const shard = (name: string, more: Partial<ShardState> = {}): ShardState => ({
  shard: name,
  state: 'open',
  paused: false,
  failures: 0,
  checkpoint: 'C',
  parents: [],
  ...more,
});

describe('the order of shards', () => {
  it('is that of their names, where there are few', () => {
    const groups = shardGroupsOf([shard('10'), shard('2', { waitsFor: 'success' }), shard('1')]);
    expect(groups.map(({ heading, shards }) => [heading, shards.map((one) => one.shard)])).toEqual([
      [undefined, ['1', '2', '10']],
    ]);
  });

  it('has those first that somebody has to look at, where there are many', () => {
    const many = Array.from({ length: 20 }, (_, index) => shard(String(index)));
    many[7] = shard('7', { failures: 1 });
    many[13] = shard('13', { waitsFor: 'success' });
    many[2] = shard('2', { state: 'done' });
    const groups = shardGroupsOf(many);
    expect(groups.map(({ heading }) => heading)).toEqual(['2 to look at', '17 in order', '1 done']);
    expect(groups[0]!.shards.map((one) => one.shard)).toEqual(['13', '7']);
  });
});

describe('what the page knows', () => {
  const seen = begun(sampleBegin, SAMPLE_NOW - 5_000);

  it('goes by the clock of the server', () => {
    expect(seen.skewMs).toBe(5_000);
  });

  it('is what it was told, with what has changed', () => {
    const { state, history } = changed(seen, sampleChange);
    expect(state).toBe(sampleChange.state);
    expect(history.events).toHaveLength(sampleBegin.history.events.length + 1);
  });

  it('forgets a failure once the group is seen again', () => {
    const failed = changed(seen, { ...sampleChange, failure: 'no answer' });
    expect(failed.failure).toBe('no answer');
    expect(changed(failed, sampleChange)).not.toHaveProperty('failure');
  });
});

describe('a bar', () => {
  it('is told in words: what, of whom, since when and why', () => {
    const from = SAMPLE_NOW - 65_000;
    const span = {
      id: 1,
      row: { shard: '0' },
      kind: 'handOff',
      slot: 'consumer-1',
      from,
      why: 'it was asked to',
    } as const;
    expect(meaningOf(span)).toBe('hand-off to consumer-1');
    expect(spanText(span, SAMPLE_NOW)).toMatch(
      /^hand-off to consumer-1; since \d\d:\d\d:55, 1m 5s; it was asked to$/,
    );
    expect(spanText({ ...span, until: SAMPLE_NOW }, SAMPLE_NOW)).toMatch(/:55 to \d\d:\d\d:00, 1m 5s;/);
  });
});

describe('what came of dead letters', () => {
  it.each([
    [{ redriven: 2, failed: 0, skipped: 0 }, '2 redriven'],
    [{ redriven: 0, failed: 1, skipped: 0, message: 'TypeError: no' }, '1 failed again: TypeError: no'],
    [{ redriven: 1, failed: 2, skipped: 3 }, '1 redriven, 2 failed again, 3 in another redrive'],
    [{ redriven: 0, failed: 0, skipped: 0 }, 'there was none to redrive'],
  ])('%o is said', (answer, text) => {
    expect(redrivenText(answer)).toBe(text);
  });

  it('says what was kept', () => {
    expect(droppedText({ dropped: 1, skipped: 0 })).toBe('1 dead letter dropped');
    expect(droppedText({ dropped: 2, skipped: 1 })).toBe('2 dead letters dropped, 1 kept: a redrive has it');
  });
});
