import { describe, expect, it } from 'vitest';
import type { Look } from '../../cli/look.ts';
import { formatLook, lagLine, waitText } from '../../cli/view.ts';
import type { Description, Wait } from '../../lib/operations.ts';

const NOW = 1_763_700_000_000;

describe('what a shard waits for is said in words', () => {
  const pending = { to: '9', count: 500, done: 69, size: 1, attempts: 3 };
  it.each<[Wait, string]>([
    [{ for: 'resume', of: 'group' }, 'the group to be resumed'],
    [{ for: 'resume', of: 'shard' }, 'somebody to resume it'],
    [{ for: 'parents', shards: ['1', '2'] }, 'its parents, 1, 2, to be done'],
    [{ for: 'listing', since: NOW }, 'the service to list it again, since 2025-11-21T04:40:00Z'],
    [{ for: 'assignment' }, 'a plan that gives it to a slot'],
    [{ for: 'slot', slot: 'a', since: NOW - 840_000 }, 'a, which has not ticked for 14m'],
    [{ for: 'handOff', slot: 'a', until: NOW + 5_000 }, 'a to give it up, in 5s at the latest'],
    [{ for: 'claim', slot: 'b' }, 'the next tick of b, to claim it'],
    [
      { for: 'attempt', notBefore: NOW + 100_000, attempts: 3, message: 'TypeError: no' },
      'its next attempt, in 1m 40s, of record 70 of 500: TypeError: no',
    ],
    [
      { for: 'success', records: 1, message: undefined },
      'anything to succeed: 1 record failed as often as is allowed',
    ],
  ])('%j', (waits, text) => {
    expect(waitText({ waits, pending }, NOW)).toBe(text);
  });

  it('with numbers as they are everywhere', () => {
    const waits = { for: 'attempt', notBefore: NOW + 5_000, attempts: 1, message: undefined } as const;
    expect(waitText({ waits, pending: { ...pending, done: 1_299, count: 5_000 } }, NOW)).toBe(
      'its next attempt, in 5s, of record 1,300 of 5,000',
    );
  });

  it('or not at all', () => {
    expect(waitText({ waits: undefined, pending }, NOW)).toBeUndefined();
  });
});

describe('the lag in one line', () => {
  const shard = { shard: '0', positions: 0, lagMs: 0, leftMs: undefined };
  const lagging = { shard: '1', positions: 18, lagMs: 370_000, leftMs: 600_000_000 };
  const line = (...shards: Parameters<typeof lagLine>[0]['shards']) =>
    lagLine({ unit: 'log groups', shards });

  it.each([
    [line(shard), 'lag: read up'],
    [
      line(shard, lagging),
      'lag: 18 log groups behind, the oldest 6m 10s old, 6d 22h until the retention passes a checkpoint',
    ],
    [
      line({ ...lagging, positions: 1, leftMs: 0 }),
      'lag: 1 log group behind, the oldest 6m 10s old, THE RETENTION HAS PASSED A CHECKPOINT',
    ],
    [line({ ...shard, positions: undefined, lagMs: undefined, error: 'no' }), 'lag: 1 shard not told'],
    [line(), 'lag: not told'],
  ])('%s', (told, expected) => {
    expect(told).toBe(expected);
  });
});

describe('what a terminal has cut of the reasons', () => {
  const shards = ['0', '1'].map((shard) => ({
    shard,
    state: 'open',
    cursor: 'MTc5NTczNTI4NjY0ODAwMDAwMQ==',
    waits: { for: 'resume', of: shard === '0' ? 'shard' : 'group' },
  }));
  const group = { settings: { stream: 'sls://shop/orders', intervalMs: 60_000, sessionTimeoutMs: 120_000 } };
  const description = { status: 'running', group, consumers: [], shards } as unknown as Description;
  const look = {
    group: 'orders',
    place: 'table x',
    at: NOW,
    description,
    lag: undefined,
    deadLetters: 0,
    missing: [],
  };

  it.each([
    [120, ''],
    [60, '1: the group to be resumed\n'],
    [34, '0: somebody to resume it\n1: the group to be resumed\n'],
    [38, ''],
  ])('stands below in full, and nothing else: in %i columns', (width, below) => {
    const [, , after = ''] = formatLook(look, width).split('\n\n');
    expect(after).toBe(below);
  });
});

it('a group that is not there is said to be absent', () => {
  const description: Description = { at: NOW, status: 'absent', group: undefined, consumers: [], shards: [] };
  const look: Look = {
    group: 'orders',
    place: 'table x',
    at: NOW,
    description,
    lag: undefined,
    deadLetters: undefined,
    missing: [],
  };
  expect(formatLook(look)).toBe(
    'group orders, table x\nabsent: the table has no such group; its first tick makes it\n',
  );
});

describe('slots whose number follows the load', () => {
  const slot = (name: string, more: object) => ({
    ...{ slot: name, live: true, busy: false, heartbeatAt: NOW - 5_000, tick: 9, assigned: {}, ...more },
  });
  const look = (scale: object | undefined) =>
    formatLook({
      group: 'orders',
      place: 'table x',
      at: NOW,
      description: {
        status: 'running',
        group: {
          settings: { stream: 'sls://shop/orders', intervalMs: 60_000, sessionTimeoutMs: 180_000 },
          scale,
        },
        consumers: [
          slot('consumer-0', {}),
          slot('consumer-1', { draining: true }),
          slot('consumer-2', { draining: true, scaledDown: true }),
        ],
        shards: [],
      },
      missing: [],
    } as unknown as Look);

  it('are shown with how many are wanted, and those that leave as such', () => {
    const shown = look({ slots: 2, lowered: true, calmIntervals: 10 });
    expect(shown).toContain('running: 3 slots of 2 wanted, 0 shards\n');
    expect(shown).toMatch(/^consumer-0 +live +5s ago/m);
    expect(shown).toMatch(/^consumer-1 +live, draining /m);
    expect(shown).toMatch(/^consumer-2 +live, leaving /m);
  });

  it('are counted as ever where nobody has decided how many there are to be', () => {
    expect(look(undefined)).toContain('running: 3 slots, 0 shards\n');
  });
});
