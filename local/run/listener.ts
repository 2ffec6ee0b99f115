import { ShardbeatError } from '../../lib/errors.ts';
import type { TickResult } from '../../lib/tick/result.ts';
import type { Board } from './board.ts';
import type { ConsumersListener } from './consumers.ts';
import { failureOfEvent, noticeOfEvent, noticeOfInvocation } from './notices.ts';
import type { Screen } from './screen.ts';
import { cannotWrite } from './temporary.ts';
import type { Watch } from './watch.ts';

/** Passes on what the consumers do: to the board, to the person who looks on, and to who decides whether it goes on. */
export function createListener(
  board: Board,
  screen: Screen,
  watch: Watch,
  timeoutMs: number,
): ConsumersListener {
  let everLoaded = false;
  return {
    started: (slot, pid) => {
      board.started(slot, pid);
      screen.say(`${slot} starts as process ${pid}`);
    },
    ticking: board.ticking,
    ticked: (slot, invocation) => {
      everLoaded ||= invocation.outcome !== 'unloadable';
      const notice = noticeOfInvocation(slot, invocation, timeoutMs);
      if (invocation.outcome === 'answered') board.ticked(invocation.result as TickResult);
      if (notice === undefined) return;
      screen.say(notice);
      watch.note(notice);
      // What never loaded once will not load the next time.
      if (!everLoaded) watch.fail(new ShardbeatError(notice, { retriable: false }));
    },
    skipped: (slot) => screen.say(`${slot}: a tick is left out, the one before still runs`),
    event: (slot, event) => {
      board.event(slot, event);
      if (event.event === 'ledger.failed') watch.fail(cannotWrite(String(event.file), String(event.reason)));
      const notice = noticeOfEvent(slot, event);
      if (notice !== undefined) screen.say(notice);
      const failure = failureOfEvent(event);
      if (failure !== undefined) watch.note(`${slot}, shard ${event.shard}: ${failure}`);
    },
    output: (slot, line) => screen.say(`${slot} | ${line}`),
    failed: (_slot, error) => watch.fail(error),
  };
}
