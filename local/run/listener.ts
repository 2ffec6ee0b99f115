import type { TickResult } from '../../lib/tick/result.ts';
import type { Board } from './board.ts';
import type { ConsumersListener } from './consumers.ts';
import { noticeOfEvent, noticeOfInvocation } from './notices.ts';
import type { Screen } from './screen.ts';
import { cannotWrite } from './temporary.ts';
import type { Troubles } from './troubles.ts';
import type { Watch } from './watch.ts';

export interface ListenerOptions {
  board: Board;
  troubles: Pick<Troubles, 'event' | 'ticked'>;
  screen: Screen;
  watch: Watch;
  /** When a tick is killed, counted from its start. */
  timeoutMs: number;
  /** A shard's id as a person reads it. */
  shardName(shard: string): string;
}

/** Passes on what the consumers do: to the board, to the person who looks on, and to who decides whether it goes on. */
export function createListener(options: ListenerOptions): ConsumersListener {
  const { board, troubles, screen, watch, timeoutMs, shardName } = options;
  /** By slot: what a function complains of in every tick is told once, until it complains of something else. */
  const latestNotice = new Map<string, string>();
  const latestDeath = new Map<string, string | undefined>();
  const sayOnce = (slot: string, notice: string): void => {
    if (latestNotice.get(slot) !== notice) screen.say(notice);
    latestNotice.set(slot, notice);
  };
  return {
    started: (slot, pid) => {
      board.started(slot, pid);
      screen.say(`${slot} starts as process ${pid}`);
    },
    died: (slot, reason, details) => {
      // What it dies of again and again is told with its stack once.
      if (details !== undefined && latestDeath.get(slot) !== details)
        for (const line of details.split('\n')) screen.say(`${slot} | ${line}`);
      latestDeath.set(slot, details);
      const notice = `${slot}: ${reason}; its next tick starts a new one`;
      screen.say(notice);
      watch.note(notice);
    },
    ticking: board.ticking,
    ticked: (slot, invocation) => {
      if (invocation.outcome === 'answered') {
        board.ticked(invocation.result as TickResult);
        troubles.ticked(invocation.result as TickResult);
      }
      const notice = noticeOfInvocation(slot, invocation, timeoutMs);
      if (notice === undefined) return;
      if (invocation.outcome === 'failed') sayOnce(slot, notice);
      else screen.say(notice);
      watch.note(notice);
    },
    skipped: (slot) => sayOnce(slot, `${slot}: a tick is left out, the one before still runs`),
    event: (slot, event) => {
      board.event(slot, event);
      troubles.event(event);
      if (event.event === 'ledger.failed') watch.fail(cannotWrite(String(event.file), String(event.reason)));
      const named = typeof event.shard === 'string' ? { ...event, shard: shardName(event.shard) } : event;
      const notice = noticeOfEvent(slot, named);
      if (notice === undefined) return;
      sayOnce(slot, notice);
      if (event.level === 'error') watch.note(notice);
    },
    output: (slot, line) => screen.say(`${slot} | ${line}`),
    failed: (_slot, error) => watch.fail(error),
  };
}
