import { describe, expect, it } from 'vitest';
import { kept } from '../../lib/delivery/deadLetters/kept.ts';
import { writeLetter } from '../../lib/delivery/deadLetters/letterText.ts';
import { readRung } from '../../lib/tick/ring.ts';
import { letterOf } from '../support/letters.ts';

const sqs = (...bodies: string[]) => ({
  Records: bodies.map((body, at) => ({ messageId: `m${at}`, body, eventSource: 'aws:sqs' })),
});
const sns = (Message: string) => ({ Records: [{ EventSource: 'aws:sns', Sns: { Message } }] });
const busEvent = (detail: unknown, source = 'shop') => ({ 'detail-type': 'Sold', source, detail });
const ofSqs = (body: string) => readRung(sqs(body))?.rings[0];

describe('an event rings', () => {
  it.each([
    ['somebody, who names a slot', { ring: { slot: 'a' } }, 'somebody', [{ slot: 'a' }]],
    ['somebody', { ring: {} }, 'somebody', [{ slot: undefined }]],
    ['a bus', busEvent({ slot: 'a' }), 'events', [{ slot: 'a' }]],
    ['a bus, whose event has no detail', busEvent(undefined), 'events', [{ slot: undefined }]],
    ['a topic', sns('{"slot":"a"}'), 'sns', [{ slot: 'a' }]],
    ['a topic, in words', sns('come!'), 'sns', [{ slot: undefined }]],
    [
      'a queue, message by message',
      sqs('{"slot":"a"}', 'come!', '[1]', '{"slot":7}'),
      'sqs',
      [
        { messageId: 'm0', slot: 'a' },
        { messageId: 'm1', slot: undefined },
        { messageId: 'm2', slot: undefined },
        { messageId: 'm3', slot: 7 },
      ],
    ],
  ])('of %s', (_, event, by, rings) => {
    expect(readRung(event)).toEqual({ by, rings });
  });

  it.each([
    ['a schedule', { slot: 'a' }],
    ['a redrive', { redrive: {} }],
    ['an operation', { operate: { lag: {} } }],
    ['a stream of Kinesis', { Records: [{ eventSource: 'aws:kinesis', kinesis: {} }] }],
    ['no records', { Records: [] }],
    ['nothing', undefined],
  ])('and not of %s', (_, event) => {
    expect(readRung(event)).toBeUndefined();
  });

  it('that came through a topic, a queue or both says what it said before', () => {
    const notification = (Message: string) => JSON.stringify({ Type: 'Notification', Message });
    const event = JSON.stringify(busEvent({ slot: 'a' }));
    expect(ofSqs(event)).toMatchObject({ slot: 'a' });
    expect(ofSqs(notification('{"slot":"a"}'))).toMatchObject({ slot: 'a' });
    expect(ofSqs(notification(event))).toMatchObject({ slot: 'a' });
    const deep = notification(notification(notification('{"slot":"a"}')));
    expect(ofSqs(deep)).toMatchObject({ slot: undefined });
  });

  it('is known if it is ours', () => {
    const ours = busEvent({ slot: 'a' }, 'shardbeat');
    expect(readRung(ours)?.rings).toEqual([{ slot: undefined, own: 'event' }]);
    expect(ofSqs(JSON.stringify(ours))).toMatchObject({ own: 'event' });
    expect(readRung(sns(JSON.stringify(ours)))?.rings).toEqual([{ slot: undefined, own: 'event' }]);
    expect(ofSqs(writeLetter(kept(letterOf(0))))).toMatchObject({ own: 'dead letter', messageId: 'm0' });
  });

  it.each([
    ['a list', { ring: [] }],
    ['a name by itself', { ring: 'a' }],
    ['two slots', { ring: { slots: ['a'] } }],
    ['a tick as well', { ring: {}, slot: 'a' }],
  ])('and is refused, if somebody sends what cannot be understood: %s', (_, event) => {
    expect(() => readRung(event)).toThrow(/^event\.ring: .* write \{"ring": \{"slot": "consumer-0"\}\}/);
  });
});
