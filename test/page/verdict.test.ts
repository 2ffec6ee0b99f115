import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import type { About, ShardState, SlotState, State } from '../../cli/console/feed.ts';
import { named } from '../../cli/console/page/findings.ts';
import { verdictOf } from '../../cli/console/page/verdict.ts';
import { SAMPLE_NOW, sampleBegin } from '../cli/console/sampleFeed.ts';

const HOUR = 3_600_000;
const about: About = { ...sampleBegin.about, commandOptions: '--stage prod' };
const shard = (name: string, more: Partial<ShardState> = {}): ShardState => ({
  shard: name,
  state: 'open',
  owner: 'consumer-0',
  assignedTo: 'consumer-0',
  paused: false,
  failures: 0,
  checkpoint: 'C0',
  parents: [],
  positions: 0,
  lagMs: 0,
  ...more,
});
const slot = (name: string, more: Partial<SlotState> = {}): SlotState => ({
  ...sampleBegin.state!.slots[0]!,
  slot: name,
  live: true,
  draining: false,
  ...more,
});
const group = (more: Partial<State> = {}): State => ({
  at: SAMPLE_NOW,
  status: 'running',
  settings: sampleBegin.state!.settings!,
  slots: [slot('consumer-0'), slot('consumer-1')],
  shards: [shard('0'), shard('1')],
  total: { positions: 0, lagMs: 0 },
  lagAt: SAMPLE_NOW,
  deadLetters: 0,
  missing: [],
  ...more,
});
const verdict = (more: Partial<State> = {}, failure?: string) => verdictOf(about, group(more), failure);

describe('the verdict', () => {
  it('is that all is well, where nothing is wrong', () => {
    const { first, others, waiting } = verdict();
    expect(first).toEqual({
      level: 'good',
      says: 'All is well: 2 slots have 2 shards, and everything is read.',
    });
    expect(others).toEqual([]);
    expect(waiting).toBe('Nothing is lost by waiting: no record is left to read.');
  });

  it.each<[string, Partial<State>, string, string, string | undefined]>([
    [
      'lost records',
      { shards: [shard('0'), shard('1', { leftMs: 0, lagMs: HOUR })] },
      'bad',
      'the checkpoint of shard 1.',
      'status',
    ],
    [
      'nobody who ticks',
      { status: 'idle', slots: [slot('consumer-0', { live: false })] },
      'bad',
      'No slot ticks, the last one consumer-0',
      'doctor',
    ],
    [
      'a group that nobody has joined',
      { status: 'idle', slots: [] },
      'bad',
      'No slot has ever ticked',
      'doctor',
    ],
    [
      'a block',
      { shards: [shard('1', { waitsFor: 'success', waits: 'anything to succeed: E' })] },
      'bad',
      'Nothing succeeds in shard 1 of consumer-0',
      'watch',
    ],
    [
      'hours that are left',
      { shards: [shard('1', { leftMs: 5 * HOUR, lagMs: HOUR })] },
      'bad',
      'In 5h records are lost',
      'lag',
    ],
    [
      'half the retention gone',
      { shards: [shard('1', { leftMs: 20 * HOUR, lagMs: 21 * HOUR })] },
      'warning',
      'In 20h records are lost',
      'lag',
    ],
    [
      'no group',
      { status: 'absent', slots: [], shards: [] },
      'warning',
      'There is no such group yet',
      'doctor',
    ],
    ['a paused group', { status: 'paused' }, 'warning', 'The group is paused', 'resume'],
    [
      'a dead slot',
      { slots: [slot('consumer-0'), slot('consumer-1', { live: false, heartbeatAt: SAMPLE_NOW - 90_000 })] },
      'warning',
      'consumer-1 is dead: it has not ticked for 1m 30s.',
      'doctor',
    ],
    [
      'an unlisted shard',
      { shards: [shard('1', { state: 'givenUp', waitsFor: 'listing' })] },
      'warning',
      'does not list shard 1',
      'doctor',
    ],
    [
      'a shard that is behind',
      { shards: [shard('1', { lagMs: 101_000 })] },
      'warning',
      'Shard 1 is 1m 41s behind.',
      'watch',
    ],
    [
      'a failing shard',
      { shards: [shard('1', { failures: 2, waitsFor: 'attempt' })] },
      'warning',
      'The function fails in shard 1',
      'seek 1 --cursor C0',
    ],
    [
      'a dead letter',
      { deadLetters: 1 },
      'warning',
      '1 dead letter waits for somebody to redrive or drop it.',
      'redrive',
    ],
    ['all done', { status: 'complete' }, 'good', 'All is done', undefined],
  ])('tells of %s, and what to type', (_what, more, level, says, command) => {
    const { first } = verdict(more);
    expect(first).toMatchObject({ level, says: expect.stringContaining(says) });
    expect(first.command).toBe(command === undefined ? undefined : `npx shardbeat ${command} --stage prod`);
  });

  it('has the worst first, and the rest behind it', () => {
    const { first, others } = verdict({
      slots: [slot('consumer-0'), slot('consumer-1', { live: false })],
      shards: [shard('0', { paused: true, waitsFor: 'resume' }), shard('1', { waitsFor: 'success' })],
      deadLetters: 3,
      missing: ['the lag: it does not answer'],
    });
    expect([first, ...others].map(({ level }) => level)).toEqual([
      'bad',
      'warning',
      'warning',
      'note',
      'note',
    ]);
    expect(others.at(-1)!.says).toBe('Not known: the lag: it does not answer');
  });

  it('is that all is well besides what somebody wanted so', () => {
    const { first, others } = verdict({
      slots: [slot('consumer-0'), slot('consumer-1', { draining: true })],
    });
    expect(first.says).toMatch(/^All is well/);
    expect(others).toMatchObject([
      { level: 'note', command: 'npx shardbeat undrain consumer-1 --stage prod' },
    ]);
  });

  it('tells of the shard that has the least time, where there are several', () => {
    const blocked = { waitsFor: 'success' } as const;
    const shards = [
      shard('0', { ...blocked, leftMs: 9 * HOUR }),
      shard('1', { ...blocked, leftMs: 7 * HOUR }),
    ];
    expect(verdict({ shards }).first).toMatchObject({
      shard: '1',
      says: expect.stringContaining('shards 0 and 1'),
    });
  });

  it('does not tell twice of a shard that stands still for a reason', () => {
    const { others } = verdict({ shards: [shard('1', { lagMs: HOUR, waitsFor: 'success' })] });
    expect(others).toEqual([]);
  });

  it('is bad where the group cannot be seen any more, whatever was seen', () => {
    expect(verdict({}, 'no answer: check the network').first).toMatchObject({
      level: 'bad',
      because: 'no answer: check the network',
    });
    expect(verdictOf(about, undefined, undefined).first.level).toBe('note');
    expect(verdictOf(about, undefined, 'no').first.level).toBe('bad');
  });
});

describe('what to type', () => {
  it('has in front that the group cannot be seen, also of what is as bad', () => {
    const { first, others } = verdict({ shards: [shard('1', { leftMs: 0, lagMs: HOUR })] }, 'no answer');
    expect(first.says).toMatch(/^The group cannot be seen any more/);
    expect(others[0]!.says).toMatch(/^Records are lost/);
  });

  it('names the slot that ticked last, where none does', () => {
    const slots = [SAMPLE_NOW - 2, SAMPLE_NOW - 1, SAMPLE_NOW - 3].map((heartbeatAt, index) =>
      slot(`consumer-${index}`, { live: false, heartbeatAt }),
    );
    expect(verdict({ status: 'idle', slots }).first.says).toContain('the last one consumer-1:');
  });

  it('does not tell that a slot drains which is dead', () => {
    const { first, others } = verdict({
      slots: [slot('consumer-0'), slot('consumer-1', { live: false, draining: true })],
    });
    expect([first, ...others]).toMatchObject([{ slot: 'consumer-1', level: 'warning' }]);
  });

  it.each([
    [1_000, 59_000, 'good'],
    [1_000, 61_000, 'warning'],
    [60_000, 599_000, 'good'],
    [60_000, 601_000, 'warning'],
  ])('with an interval of %i, and %i behind, is %s', (intervalMs, lagMs, level) => {
    const settings = { ...sampleBegin.state!.settings!, intervalMs };
    expect(verdict({ settings, shards: [shard('0', { lagMs })], total: { lagMs } }).first.level).toBe(level);
  });

  it('is a command that there is, with options that it has', async () => {
    const states: Partial<State>[] = [
      { status: 'absent', slots: [], shards: [] },
      { status: 'idle', slots: [] },
      { status: 'paused' },
      {
        slots: [slot('consumer-0', { live: false }), slot('consumer-1', { draining: true })],
        deadLetters: 1,
      },
      { shards: [shard('0', { waitsFor: 'success' }), shard('1', { waitsFor: 'listing', leftMs: 0 })] },
      { shards: [shard('0', { failures: 1 }), shard('1', { waitsFor: 'assignment' })] },
      { shards: [shard('0', { paused: true }), shard('1', { lagMs: HOUR, leftMs: HOUR })] },
    ];
    const findings = states.flatMap((state) => {
      const { first, others } = verdict(state);
      return [first, ...others];
    });
    const typed = new Set(findings.flatMap(({ command }) => command ?? []));
    expect(typed.size).toBeGreaterThan(8);
    const known = COMMANDS.flatMap(({ commands }) => commands);
    for (const text of typed) {
      const [, , name, ...words] = text.split(' ');
      const command = known.find((one) => one.name === name);
      expect(command, text).toBeDefined();
      const { options } = (await command!.text())!;
      const named = words.filter((word) => word.startsWith('--')).map((word) => word.slice(2));
      expect(Object.keys(options), text).toEqual(expect.arrayContaining(named));
    }
  });
});

describe('what it costs to wait', () => {
  it.each<[Partial<State>, string]>([
    [
      { total: { lagMs: HOUR, leftMs: 5 * HOUR }, shards: [shard('3', { leftMs: 5 * HOUR })] },
      'Nothing is lost for 5h: then the retention passes the checkpoint of shard 3.',
    ],
    [{ total: { positions: 0 } }, 'Nothing is lost by waiting: no record is left to read.'],
    [{ total: { lagMs: HOUR, leftMs: 0 } }, 'Each further minute, more is lost.'],
    [
      { total: { lagMs: HOUR, positions: 5 } },
      'How long records are kept is not known, or they are kept for good.',
    ],
  ])('is told of %o', (more, says) => {
    expect(verdict(more).waiting).toBe(says);
  });

  it('is not known where the log service was not asked', () => {
    const { lagAt: _, ...state } = group();
    expect(verdictOf(about, state, undefined).waiting).toBe('How far behind it is, is not known.');
  });
});

describe('names', () => {
  it.each([
    [['1'], 'shard 1'],
    [['1', '2'], 'shards 1 and 2'],
    [['1', '2', '3', '4'], 'shards 1, 2, 3 and 4'],
    [['1', '2', '3', '4', '5', '6'], 'shards 1, 2, 3 and 3 more'],
  ])('%o are said so that a sentence stays one', (names, text) => {
    expect(named('shard', names)).toBe(text);
  });
});
