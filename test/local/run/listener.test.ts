import { describe, expect, it, vi } from 'vitest';
import { createBoard } from '../../../local/run/board.ts';
import { createListener } from '../../../local/run/listener.ts';
import { createTroubles } from '../../../local/run/troubles.ts';
import type { Watch } from '../../../local/run/watch.ts';

function listening() {
  const said: string[] = [];
  const screen = { say: (text: string) => said.push(text), show: () => {}, close: () => {} };
  const watch = { fail: vi.fn(), note: vi.fn() };
  const board = createBoard(['consumer-0', 'consumer-1']);
  const listener = createListener({
    board,
    troubles: createTroubles(),
    screen,
    watch: watch as unknown as Watch,
    timeoutMs: 400,
    shardName: (shard) => shard.replace('6f6ded3f-948c', 'a'),
  });
  return { said, watch, board, listener };
}

describe('what a person is told', () => {
  it('is each hand-off, as it comes', () => {
    const { said, board, listener } = listening();
    listener.event('consumer-1', { event: 'shard.claimed', shard: '2', from: null });
    listener.event('consumer-0', { event: 'shard.claimed', shard: '2', from: 'consumer-1' });
    expect(said).toEqual([
      'consumer-1 takes shard 2',
      'hand-off: shard 2 goes from consumer-1 to consumer-0',
    ]);
    expect(board.handOffs()).toBe(1);
  });

  it('has the names of the shards, not their ids', () => {
    const { said, board, listener } = listening();
    listener.event('consumer-0', { event: 'shard.claimed', shard: '6f6ded3f-948c:2', from: null });
    expect(said).toEqual(['consumer-0 takes shard a:2']);
    expect(board.consumers()[0]!.shards).toEqual(['6f6ded3f-948c:2']);
  });

  it('is a complaint that comes with every tick once, until there is another one', () => {
    const { said, watch, listener } = listening();
    const complain = (message: string): void =>
      listener.event('consumer-0', {
        event: 'plan.failed',
        level: 'error',
        error: { name: 'Error', message },
      });
    complain('away');
    complain('away');
    complain('back, but broken\nwith a stack');
    expect(said).toEqual([
      'consumer-0: no plan could be made: Error: away',
      'consumer-0: no plan could be made: Error: back, but broken',
    ]);
    expect(watch.note).toHaveBeenCalledTimes(3);
  });

  it('is every death of a process, with the stack of what is new', () => {
    const { said, listener } = listening();
    const die = (slot: string, what: string): void =>
      listener.died(slot, `the process ended with code 1: Error: ${what}`, `Error: ${what}\n    at here`);
    die('consumer-0', 'a');
    die('consumer-0', 'a');
    die('consumer-1', 'a');
    const death = (slot: string): string =>
      `${slot}: the process ended with code 1: Error: a; its next tick starts a new one`;
    const stack = (slot: string): string[] => [`${slot} | Error: a`, `${slot} |     at here`];
    expect(said).toEqual([
      ...stack('consumer-0'),
      death('consumer-0'),
      death('consumer-0'),
      ...stack('consumer-1'),
      death('consumer-1'),
    ]);
    die('consumer-0', 'b');
    expect(said).toContain('consumer-0 | Error: b');
  });

  it('is every tick that was killed, and nothing of what is usual', () => {
    const { said, listener } = listening();
    listener.ticked('consumer-0', { outcome: 'killed' });
    listener.ticked('consumer-0', { outcome: 'killed' });
    listener.event('consumer-0', { event: 'batch.processed', level: 'info', records: 5 });
    expect(said).toEqual(
      Array(2).fill(
        'consumer-0 was killed at its deadline, after 400 ms; its next tick starts a new process',
      ),
    );
  });
});

it('a ledger that cannot be written ends the run, with the file and what to do', () => {
  const { watch, listener } = listening();
  listener.event('consumer-0', { event: 'ledger.failed', file: '/tmp/x/ledger', reason: 'ENOSPC' });
  expect(watch.fail.mock.calls[0]![0]).toMatchObject({
    message:
      '/tmp/x/ledger cannot be written (ENOSPC): set TMPDIR to a directory that may be written and has room',
  });
});
