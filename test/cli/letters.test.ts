/** Commands for dead letters, on a local stack. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { untilAllTried } from '../../cli/redriving.ts';
import { letterOf } from '../support/letters.ts';
import { type Stage, startStage } from './stage.ts';

const options = { signal: new AbortController().signal };
const place = `local run of process ${process.pid}`;
let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ shards: 1 });
  const taking = `export const eachBatch = ({ records }) => {
    for (const record of records) if (record.get('content') === 'record 1') throw new Error('still not');
  };`;
  writeFileSync(join(stage.directory, 'taking.mjs'), taking);
  writeFileSync(join(stage.directory, 'broken.mjs'), 'export const = 5;');
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.type('dead-letters drop --all --yes');
  const others = { shard: '1', message: 'TypeError: no\u001b[2J\nsuch thing', givenUpAt: Date.now() - 5_000 };
  await stage.letters.put([letterOf(0), letterOf(1), letterOf(2, others)], options);
});

describe('dead letters', () => {
  it('are listed, all or some', async () => {
    const { code, out, said } = await stage.type('dead-letters');
    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(out).toMatch(`group local, ${place}: 3 dead letters\n\nID `);
    expect(out).toMatch(/0\/7\/0 +\d+d.* ago +failed +5 +Error: no such order\n/);
    expect(out).toMatch(/1\/7\/2 +\d+s ago +failed +5 +TypeError: no such thing\n/);
    const some = await stage.type('dead-letters --error typeerror --younger-than 1h --json');
    const { all, letters } = JSON.parse(some.out);
    expect({ all, ids: letters.map(({ id }: { id: string }) => id) }).toEqual({ all: 3, ids: ['1/7/2'] });
    expect(letters[0].record.pairs[2]).toEqual(['raw', { base64: 'AP/+wA==' }]);
    expect((await stage.type('dead-letters --limit 1')).said).toContain('there may be more');
  });

  it('are shown one by one, with the record', async () => {
    const { code, out } = await stage.type('dead-letters show 0/7/1');
    expect(code).toBe(0);
    for (const line of [
      'id        0/7/1\n',
      'the function failed each time\n',
      'message   Error: no such order\n',
      'shard     0\n',
      'topic topic, source 10.0.0.1, host=web-1\n',
      '  content: record 1\n',
      '  raw: (4 bytes that are no UTF-8: see --json)\n',
    ]) {
      expect(out).toContain(line);
    }
    expect(await stage.type('dead-letters show 9/9/9')).toMatchObject({
      code: 2,
      said: expect.stringMatching(/^ID: "9\/9\/9" cannot be used: there is no such dead letter/),
    });
  });

  it('are dropped after a question, or not at all', async () => {
    expect((await stage.type('dead-letters drop')).said).toMatch(/^--all: missing; say which/);
    expect((await stage.type('dead-letters drop --all --shard 0')).code).toBe(2);
    expect((await stage.type('dead-letters drop --shard 0 --dry-run')).out).toBe(
      `2 dead letters of group local, ${place}, would be dropped\n`,
    );
    expect((await stage.type('dead-letters drop --shard 0')).said).toContain('nobody can be asked here');
    const refused = await stage.type('dead-letters drop --shard 0', { ask: async () => 'no' });
    expect(refused).toMatchObject({ code: 3, said: 'nothing was changed' });
    expect((await stage.type('dead-letters')).out).toContain(': 3 dead letters\n');
    expect(await stage.type('dead-letters drop --shard 0', { ask: async () => 'yes' })).toMatchObject({
      code: 0,
      out: 'dropped: 2 dead letters\n',
    });
    expect((await stage.type('dead-letters')).out).toContain(': 1 dead letter\n');
  });
});

describe('redrive', () => {
  it('gives them to a module, here and now; what fails stays', async () => {
    expect((await stage.type('redrive --module taking.mjs --shard 0 --dry-run')).out).toBe(
      `group local, ${place}: 2 dead letters would be redriven\n`,
    );
    const { code, out } = await stage.type('redrive --module taking.mjs --shard 0');
    expect(code).toBe(3);
    expect(out).toBe(`group local, ${place}: 1 dead letter redriven, 1 failed again, 2 left\n`);
    expect((await stage.type('dead-letters --id 0/7/1')).out).toContain('Error: still not');
    // The run has one, too.
    const rest = await stage.type('redrive --shard 1 --limit 5 --json');
    expect(JSON.parse(rest.out)).toMatchObject({ redriven: 1, left: 1, stopped: 'done' });
    expect(rest.code).toBe(0);
  });

  it('asks a function again that ran out of time, as long as it gets on, up to the limit', async () => {
    const answers = [
      { found: 3, redriven: 2, failed: 1, left: 5, stopped: 'timeUp' },
      { found: 2, redriven: 2, failed: 0, left: 3, stopped: 'timeUp' },
      { found: 1, redriven: 0, failed: 1, left: 3, stopped: 'timeUp' },
    ] as const;
    const asked: (number | undefined)[] = [];
    const step = async (most: number | undefined) =>
      ({ dryRun: false, skipped: 0, ...answers[asked.push(most) - 1]! }) as const;
    expect(await untilAllTried(step, undefined, () => {})).toMatchObject({
      found: 6,
      redriven: 4,
      failed: 2,
      left: 3,
    });
    expect(asked).toEqual([undefined, undefined, undefined]);
    asked.length = 0;
    expect(await untilAllTried(step, 5, () => {})).toMatchObject({ redriven: 4, failed: 1 });
    expect(asked).toEqual([5, 2]);
  });

  it('says what it lacks', async () => {
    for (const [line, said] of [
      ['redrive --table shardbeat --group local', '--module: missing; name your module'],
      ['redrive --module broken.mjs', '--module: "broken.mjs" cannot be used: it cannot be loaded ('],
      ['redrive --module taking.mjs --limit 0', '--limit: "0" cannot be used: write a whole number'],
      ['redrive --module taking.mjs --older-than 1', '--older-than: "1" cannot be used'],
      ['redrive --module taking.mjs --shard=', '--shard: "" cannot be used: write a text, or leave it out'],
      ['dead-letters drop --yes --error=', '--error: "" cannot be used: write a text, or leave it out'],
    ] as const) {
      const finished = await stage.type(line);
      expect(finished.code).toBe(2);
      expect(finished.said).toContain(said);
    }
  });
});
