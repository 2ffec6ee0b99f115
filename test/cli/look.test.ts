/** Commands that look at a group, on a local stack. */
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookAt } from '../../cli/look.ts';
import { openGroup } from '../../lib/operations.ts';
import { letterOf } from '../support/letters.ts';
import { type Stage, startStage } from './stage.ts';

const options = { signal: new AbortController().signal };

describe.each(['sls', 'cls'] as const)('on %s', (source) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ source });
    await stage.put(0, ['a', 'b']);
    await stage.put(0, ['c']);
    await stage.letters.put([letterOf(0)], options);
  });
  afterAll(() => stage.close());
  const unit = source === 'sls' ? 'log groups' : 'messages';

  it('status shows slots, shards, lag, dead letters, and what is left of the retention', async () => {
    const { code, out, said } = await stage.type('status');
    expect({ code, said }).toEqual({ code: 0, said: '' });
    const [head, , state, lag] = out.split('\n');
    expect(head).toBe(`group local, local run of process ${process.pid}`);
    expect(state).toBe('running: 2 slots, 2 shards, 1 dead letter');
    expect(lag).toMatch(`lag: 2 ${unit} behind, the oldest `);
    expect(lag).toMatch(/ 29d \d+h until the retention passes a checkpoint$/);
    expect(out).toMatch(/consumer-0 +live +\d+m?s? .*ago +4 +1 +1\n/);
    expect(out).toMatch(/ open +consumer-[01] +2 +\d+m?s +29d/);
    expect(out).toMatch(/ open +consumer-[01] +0 +0s +\S+\n/);
  });

  it('status is JSON for programs, and asks the table alone if it is told to', async () => {
    const whole = JSON.parse((await stage.type('status --json')).out);
    expect(whole).toMatchObject({
      group: 'local',
      deadLetters: 1,
      missing: [],
      description: { status: 'running', consumers: [{ slot: 'consumer-0' }, { slot: 'consumer-1' }] },
      lag: { unit, shards: [{ positions: 2 }, { positions: 0 }] },
    });
    expect(JSON.parse((await stage.type('status --json --table-only')).out).lag).toBeUndefined();
  });

  it('status fits a narrow terminal', async () => {
    for (const columns of [30, 60, 79]) {
      const { out } = await stage.type('status', { columns });
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('status says that nobody can ask the log service, and who could', async () => {
    Object.assign(process.env, stage.environment);
    const now = Date.now();
    const look = (asks: 'itself' | 'nobody') =>
      lookAt({ group: 'local', place: 'here', asks }, openGroup({ environment: stage.environment }), {
        now,
        askService: true,
        ...options,
      });
    expect((await look('itself')).missing).toEqual([]);
    expect((await look('nobody')).missing).toEqual([
      'the lag: nobody here can ask the log service; with --function NAME the deployed function does',
    ]);
  });

  it('lag tells a script by its exit code which limits are passed', async () => {
    expect(await stage.type('lag --max 1h --max-behind 2 --min-left 1d')).toMatchObject({ code: 0 });
    const { code, out } = await stage.type('lag --max-behind 1 --min-left 31d');
    expect(code).toBe(3);
    expect(out).toMatch(/^SHARD +BEHIND +LAG +LEFT\n\S+ +2 +\d+m?s +29d \d+h\n\S+ +0 +0s\n\nlag: /);
    expect(out).toMatch(/passed: --max-behind 1, and it is 2\npassed: --min-left 31d, and it is 29d/);
    const { total, passed } = JSON.parse((await stage.type('lag --json --max-behind 1')).out);
    expect(total).toMatchObject({ positions: 2, failed: 0 });
    expect(passed).toEqual([expect.stringContaining('--max-behind')]);
  });

  it('watch shows one state after the other, until it is stopped', async () => {
    const stop = new AbortController();
    const shown: string[] = [];
    const out = (text: string): void => {
      shown.push(text);
      if (shown.length === 2) stop.abort(new Error('stopped by SIGINT'));
    };
    const { code } = await stage.type('watch --json --every 500ms', { out, untilStopped: () => stop.signal });
    expect(code).toBe(0);
    expect(shown.map((text) => JSON.parse(text).description.status)).toEqual(['running', 'running']);
  });

  it.each([
    [6, 'lag: ', '… 7 lines more: make the terminal higher, or see status'],
    [12, 'SHARD', undefined],
  ])('watch draws no more than fits into the %i lines of a terminal', async (rows, seen, last) => {
    const stop = new AbortController();
    const shown: string[] = [];
    const out = (text: string): void => {
      shown.push(text);
      if (shown.length === 2) stop.abort(new Error('stopped by SIGINT'));
    };
    await stage.type('watch', { out, columns: 100, rows, untilStopped: () => stop.signal });
    const lines = stripVTControlCharacters(shown[1]!).split('\n');
    expect(lines).toHaveLength(Math.min(rows, 12));
    expect(lines.some((line) => line.startsWith(seen))).toBe(true);
    if (last !== undefined) expect(lines.at(-1)).toBe(last);
  });
});

describe('a shard that does not go on', () => {
  it('is shown with the reason, of which secrets and controls are no part', async () => {
    const stage = await startStage({ shards: 1 });
    try {
      stage.eachBatch = async () => {
        throw new TypeError('seventy\u001b[2J is no order, password=hush-hush-hush');
      };
      await stage.put(0, ['70']);
      for (const slot of ['consumer-0', 'consumer-1']) await stage.tick(slot);
      const { out } = await stage.type('status');
      expect(out).toContain('its next attempt, in ');
      expect(out).toContain('of record 1 of 1: TypeError: seventy is no order');
      const narrow = await stage.type('status', { columns: 60 });
      const lines = narrow.out.split('\n');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
      expect(narrow.out.replaceAll('\n', ' ')).toMatch(
        /0: its next attempt, in \S+( \S+)?, of record 1 of 1: TypeError: seventy is no order/,
      );
      expect(out).not.toContain('hush');
      expect(out).not.toContain('\u001b');
    } finally {
      await stage.close();
    }
  });
});
