import { describe, expect, it } from 'vitest';
import { readRedrive } from '../../lib/config/redrive.ts';

describe('the event of a redrive', () => {
  it('means all letters, unless it says which', () => {
    expect(readRedrive({ redrive: {} })).toEqual({});
    const redrive = { id: '0/7/1', shard: '0', olderThan: '1h', youngerThan: '30d', error: 'TypeError' };
    expect(readRedrive({ redrive: { ...redrive, lettersMax: 10, dryRun: true }, time: 'now' })).toEqual({
      id: '0/7/1',
      shard: '0',
      olderThanMs: 3_600_000,
      youngerThanMs: 30 * 86_400_000,
      error: 'TypeError',
      lettersMax: 10,
      dryRun: true,
    });
  });

  it.each([undefined, null, 7, 'redrive', {}, { slot: 'consumer-0' }])('is not %j', (event) => {
    expect(readRedrive(event)).toBeUndefined();
  });

  it.each([
    [{ redrive: true }, 'event.redrive: true cannot be used: write {"redrive": {}} for all dead letters'],
    [{ redrive: null }, 'event.redrive: null'],
    [{ redrive: [] }, 'event.redrive: '],
    [{ redrive: 'all' }, 'event.redrive: "all"'],
    [
      { redrive: { Shard: '0' } },
      'event.redrive: "Shard" cannot be used: there is no such filter: it has id, shard',
    ],
    [{ redrive: { shard: 0 } }, 'event.redrive.shard: 0 cannot be used: write a text'],
    [{ redrive: { shard: '' } }, 'event.redrive.shard: ""'],
    [
      { redrive: { olderThan: '1 hour' } },
      'event.redrive.olderThan: "1 hour" cannot be used: write a number and a unit',
    ],
    [{ redrive: { youngerThan: 60 } }, 'event.redrive.youngerThan: 60'],
    [{ redrive: { lettersMax: 0 } }, 'event.redrive.lettersMax: 0'],
    [{ redrive: { lettersMax: '5' } }, 'event.redrive.lettersMax: "5"'],
    [{ redrive: { dryRun: 'yes' } }, 'event.redrive.dryRun: "yes"'],
    [{ redrive: {}, slot: 'consumer-0' }, 'event.slot: "consumer-0" cannot be used: leave it out'],
  ])('is refused rather than to mean other letters: %j', (event, message) => {
    expect(() => readRedrive(event)).toThrow(message);
  });
});
