import { describe, expect, it } from 'vitest';
import { createAnnouncer } from '../../lib/delivery/announcer.ts';
import type { EventBus } from '../../lib/delivery/eventBus.ts';
import type { GroupEvent } from '../../lib/delivery/groupEvent.ts';
import type { OnEvent } from '../../lib/delivery/userModule.ts';
import { createLogger } from '../../lib/observe/logger.ts';

const AT = 1_763_700_000_000;

function announcing({ onEvent, bus }: { onEvent?: OnEvent; bus?: EventBus }) {
  const logged: { event: string }[] = [];
  const logger = createLogger({
    level: 'debug',
    now: () => AT,
    write: (line) => logged.push(JSON.parse(line)),
  });
  const announcer = createAnnouncer({ group: 'orders', now: () => AT, logger, onEvent, bus });
  const tell = (signal = new AbortController().signal) =>
    announcer.announce({ signal, remainingMs: () => 100, logger });
  return { announcer, logged, tell };
}

const done = (shard: string) => ({ type: 'shardDone', shard, cursor: 'c' }) as const;
const told = (shard: string): GroupEvent => ({ ...done(shard), group: 'orders', slot: 'a', at: AT });

describe('what happens', () => {
  it('is told to the user’s function at the end, one after another, each once', async () => {
    const seen: unknown[] = [];
    const { announcer, tell } = announcing({
      onEvent: async (event, { remainingMs }) => {
        seen.push(['begun', event, remainingMs()]);
        await Promise.resolve();
        seen.push('ended');
      },
    });
    announcer.happened('a', done('0'));
    announcer.happened('a', done('1'));
    expect(seen).toEqual([]);
    await tell();
    await tell();
    expect(seen).toEqual([['begun', told('0'), 100], 'ended', ['begun', told('1'), 100], 'ended']);
  });

  it('holds nothing up where the function throws or hangs, and says so', async () => {
    const { announcer, logged, tell } = announcing({
      onEvent: ({ type }) => {
        if (type === 'complete') throw new Error('no such topic');
        return new Promise(() => {});
      },
    });
    announcer.happened('a', { type: 'complete', endAt: 1 });
    announcer.happened('a', done('1'));
    const stop = new AbortController();
    const telling = tell(stop.signal);
    stop.abort(new Error('over'));
    await telling;
    expect(logged).toEqual([
      expect.objectContaining({ level: 'error', event: 'event.failed', type: 'complete' }),
      expect.objectContaining({ level: 'error', event: 'event.failed', type: 'shardDone' }),
    ]);
  });

  it('is sent to the bus, and what that does not take with what comes next, up to a bound', async () => {
    const sent: string[][] = [];
    let isDown = true;
    const bus: EventBus = {
      async put(events) {
        sent.push(events.map((event) => ('shard' in event ? event.shard : '')));
        return isDown ? { left: [...events], error: new Error('no answer') } : { left: [] };
      },
    };
    const { announcer, logged, tell } = announcing({ bus });
    await tell();
    expect(sent).toEqual([]);
    announcer.happened('a', done('0'));
    await tell();
    announcer.happened('a', done('1'));
    await tell();
    expect(sent).toEqual([['0'], ['0', '1']]);
    expect(logged).toMatchObject([
      { level: 'warn', event: 'events.notSent', events: 1, error: { message: 'no answer' } },
      { event: 'events.notSent', events: 2 },
    ]);
    for (let shard = 2; shard < 205; shard++) announcer.happened('a', done(String(shard)));
    await tell();
    expect(logged.at(-1)).toMatchObject({ events: 200, dropped: 5 });
    isDown = false;
    await tell();
    expect([sent.at(-1)!.length, sent.at(-1)![0], sent.at(-1)!.at(-1)]).toEqual([200, '5', '204']);
    await tell();
    expect(sent).toHaveLength(4);
  });
});

describe('where nobody is to be told', () => {
  it('nothing is looked at, noted or said', async () => {
    const { announcer, logged, tell } = announcing({});
    const unread = new Proxy([] as string[], {
      get: () => {
        throw new Error('read');
      },
    });
    announcer.assigned('a', unread, 'lost');
    announcer.happened('a', done('0'));
    await tell();
    expect(logged).toEqual([]);
  });
});

describe('a shard is revoked', () => {
  it('where its slot had it in this sandbox, is not assigned it any more, and has not finished it', async () => {
    const seen: string[] = [];
    const { announcer, tell } = announcing({
      onEvent: (event) => void seen.push(Object.values(event).slice(0, 3).join(' ')),
    });
    announcer.assigned('a', ['0', '1', '2'], 'lost');
    announcer.assigned('b', ['3'], 'lost');
    announcer.happened('a', done('1'));
    announcer.assigned('a', ['2'], 'lost');
    announcer.assigned('a', [], 'drained');
    announcer.assigned('a', [], 'drained');
    await tell();
    expect(seen).toEqual(['shardDone 1 c', 'revoked 0 lost', 'revoked 2 drained']);
  });
});
