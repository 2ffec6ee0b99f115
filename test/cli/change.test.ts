/** Commands that change a group, on a local stack. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGroup } from '../../lib/operations.ts';
import { type Stage, startStage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await startStage({ shards: 2 });
});
afterEach(() => stage.close());

const describeGroup = () => {
  Object.assign(process.env, stage.environment);
  return openGroup({ environment: stage.environment }).describe();
};
const shardsOf = async () => (await describeGroup()).shards;
const place = `local run of process ${process.pid}`;

describe('pause and resume', () => {
  it('are of the group, or of one shard', async () => {
    expect(await stage.type('pause')).toEqual({ code: 0, out: `group local, ${place}: paused\n`, said: '' });
    expect((await describeGroup()).status).toBe('paused');
    await stage.type('resume');
    expect((await describeGroup()).status).toBe('running');
    expect((await stage.type('pause --shard 1')).out).toBe(`shard 1 of group local, ${place}: paused\n`);
    expect((await shardsOf()).map(({ paused }) => paused)).toEqual([undefined, true]);
    expect((await stage.type('status')).out).toContain('somebody to resume it');
    expect(await stage.type('resume')).toMatchObject({
      code: 0,
      said: 'still paused, each by itself: shard 1; npx shardbeat resume --shard ID',
    });
    expect((await stage.type('resume --shard 1')).said).toBe('');
    expect((await shardsOf()).map(({ paused }) => paused)).toEqual([undefined, undefined]);
  });

  it('only say what would be, and refuse what is not there in either case', async () => {
    expect((await stage.type('pause --dry-run')).out).toBe(`group local, ${place}: would be paused\n`);
    expect((await describeGroup()).status).toBe('running');
    for (const dry of ['', ' --dry-run']) {
      const { code, said } = await stage.type(`pause --shard 7${dry}`);
      expect({ code, said }).toEqual({
        code: 2,
        said: '--shard: "7" cannot be used: the group has none of that id that is not done: status lists them',
      });
    }
  });
});

describe('seek', () => {
  it('says where each shard would be, asks, and moves it', async () => {
    await stage.put(0, ['a', 'b']);
    const before = await shardsOf();
    const asked: string[] = [];
    const answer = (text: string) => async (question: string) => {
      asked.push(question);
      return text;
    };
    const refused = await stage.type('seek all --to end', { ask: answer('no') });
    expect(refused).toMatchObject({ code: 3, out: '' });
    expect(refused.said).toMatch(/SHARD +FROM +WOULD BE\n0 .*\n1 .*\n\nnothing was changed$/);
    expect(asked).toEqual([`Move checkpoints of group local, ${place}? Type yes to go on: `]);
    expect(await shardsOf()).toEqual(before);

    const { code, out } = await stage.type('seek all --to end', { ask: answer('yes') });
    expect(code).toBe(0);
    const [first, second] = await shardsOf();
    expect(out).toMatch(`0      ${before[0]!.cursor}  ${first!.cursor}\n`);
    expect(first!.cursor).not.toBe(before[0]!.cursor);
    expect(second!.cursor).toBe(before[1]!.cursor);

    const back = await stage.type(`seek 0 --cursor ${before[0]!.cursor} --yes --json`);
    expect(JSON.parse(back.out).shards).toEqual([
      { shard: '0', sought: true, from: first!.cursor, cursor: before[0]!.cursor },
    ]);
    expect((await shardsOf())[0]!.cursor).toBe(before[0]!.cursor);
  });

  it('refuses what it cannot know, and where nobody can be asked', async () => {
    for (const [line, said] of [
      ['seek', 'SHARD: missing; write shardbeat seek SHARD: its id, or all'],
      ['seek 0', '--to: missing; give one of --to, --ago and --cursor'],
      [
        'seek 0 --to end --ago 1h',
        '--ago: "1h" cannot be used: give one of --to, --ago and --cursor, not more',
      ],
      [
        'seek 0 --yes --cursor=',
        '--cursor: "" cannot be used: write all of it, as npx shardbeat status | cat',
      ],
      ['seek 0 --yes --cursor MTc5NTcz…', '--cursor: "MTc5NTcz…" cannot be used: write all of it'],
      ['seek all --cursor abc', '--cursor: "abc" cannot be used: it belongs to one shard: name that'],
      ['seek 0 --to yesterday', '--to: "yesterday" cannot be used: write begin, end, 2026-01-31T12:00:00Z'],
      ['seek 0 --to end', '--yes: missing; nobody can be asked here'],
    ] as const) {
      const finished = await stage.type(line);
      expect(finished.code, line).toBe(2);
      expect(finished.said).toContain(said);
    }
    const absent = await stage.type('seek 7 --ago 1h --yes');
    expect(absent.code).toBe(3);
    expect(absent.out).toContain('the group has no such shard');
  });
});

describe('drain, undrain and remove', () => {
  it('take a slot out, and bring it back', async () => {
    expect((await stage.type('drain consumer-1 --dry-run')).out).toBe(
      `consumer-1 of group local, ${place}, would hand over 1 shard\n`,
    );
    expect((await describeGroup()).consumers[1]!.draining).toBeFalsy();
    expect((await stage.type('drain consumer-1')).out).toContain('hands over 1 shard');
    expect((await describeGroup()).consumers[1]!.draining).toBe(true);
    expect((await stage.type('status')).out).toContain('live, draining');
    expect((await stage.type('undrain consumer-1')).out).toContain('takes part in the next plan');
    expect((await describeGroup()).consumers[1]!.draining).toBe(false);
    expect(await stage.type('drain consumer-7')).toMatchObject({
      code: 2,
      said: 'SLOT: "consumer-7" cannot be used: the group has no such slot: it has consumer-0, consumer-1',
    });
  });

  it('remove a slot, unless a run of it may be at work', async () => {
    await stage.tick('consumer-0');
    const busy = await stage.type('remove consumer-0');
    expect(busy.code).toBe(3);
    expect(busy.out).toMatch(/is not removed: a run of it may be at work until .*Z; try again in \d+/);
    expect((await stage.type('remove consumer-1 --dry-run')).out).toContain('would be removed');
    expect((await describeGroup()).consumers).toHaveLength(2);
    expect(await stage.type('remove consumer-1')).toMatchObject({ code: 0 });
    expect((await describeGroup()).consumers.map(({ slot }) => slot)).toEqual(['consumer-0']);
  });

  it('of a slot that is not there any more, or never was, say so', async () => {
    await stage.type('remove consumer-1');
    for (const dry of ['', ' --dry-run']) {
      expect(await stage.type(`remove consumer-1${dry}`)).toMatchObject({
        code: 0,
        out: `consumer-1 of group local, ${place}, is not there: the group has consumer-0\n`,
      });
    }
  });
});

describe('delete', () => {
  it('is refused while slots are live; then it asks for the name, and all is gone', async () => {
    const live = await stage.type('delete --yes');
    expect(live.code).toBe(3);
    expect(live.out).toContain('these slots are live: consumer-0, consumer-1; delete their schedules');
    for (const slot of ['consumer-0', 'consumer-1']) await stage.type(`remove ${slot}`);
    expect((await stage.type('delete --dry-run')).out).toContain('would be deleted: 0 slots, 2 shards');
    const asked: string[] = [];
    const ask = async (question: string): Promise<string> => {
      asked.push(question);
      return asked.length === 1 ? 'yes' : 'local';
    };
    expect(await stage.type('delete', { ask })).toMatchObject({ code: 3, said: 'nothing was changed' });
    expect(await shardsOf()).toHaveLength(2);
    expect(asked[0]).toContain(
      'with the checkpoints of 2 shards? There is no way back. Type local to go on: ',
    );
    expect(await stage.type('delete', { ask })).toMatchObject({ code: 0 });
    expect(await stage.type('status')).toMatchObject({ code: 3, out: expect.stringContaining('absent') });
    for (const line of ['delete', 'delete --dry-run', 'delete --yes']) {
      const out = `group local, ${place}, is not there: the table has no such group\n`;
      expect(await stage.type(line)).toEqual({ code: 0, out, said: '' });
    }
  });
});
