import { describe, expect, it } from 'vitest';
import { readOperation } from '../../lib/config/operate.ts';

describe('the event of an operation', () => {
  it('asks for the lag, or seeks', () => {
    expect(readOperation({ operate: { lag: {} } })).toEqual({ name: 'lag' });
    const seek = { shard: 'all', to: '2026-01-31T12:00:00Z' };
    const to = { at: 'time', unixMs: Date.UTC(2026, 0, 31, 12) };
    expect(readOperation({ operate: { seek } })).toEqual({ name: 'seek', shard: 'all', to, dryRun: false });
    expect(readOperation({ operate: { seek: { ...seek, dryRun: true } } })).toMatchObject({ dryRun: true });
  });

  it.each([undefined, null, 7, {}, { slot: 'consumer-0' }, { redrive: {} }])('is not %j', (event) => {
    expect(readOperation(event)).toBeUndefined();
  });

  it.each([
    [{ operate: {} }, 'event.operate: '],
    [{ operate: 'lag' }, 'event.operate: "lag" cannot be used: write {"operate": {"lag": {}}}'],
    [{ operate: { drop: {} } }, 'write {"operate": {"lag": {}}}'],
    [{ operate: { lag: {}, seek: {} } }, 'write {"operate": {"lag": {}}}'],
    [{ operate: { lag: {} }, slot: 'a' }, 'event.slot: "a" cannot be used: leave it out'],
    [{ operate: { seek: { to: 'end' } } }, 'event.operate.seek.shard: '],
    [
      { operate: { seek: { shard: '0' } } },
      'event.operate.seek.to: "" cannot be used: write begin, end, 2026-',
    ],
    [{ operate: { seek: { shard: '0', to: 'end', dryRun: 'yes' } } }, 'event.operate.seek.dryRun: "yes"'],
    [{ operate: { seek: { shard: '0', to: 'end', dryrun: true } } }, 'event.operate.seek: "dryrun"'],
    [{ operate: { seek: { shard: '0', to: 'now' } } }, 'event.operate.seek.to: "now"'],
  ])('that cannot be understood is refused: %j', (event, message) => {
    expect(() => readOperation(event)).toThrow(message);
  });
});
