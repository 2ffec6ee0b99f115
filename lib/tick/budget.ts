import type { Clock } from '../runtime.ts';

/** The time of one tick. Everything it starts ends with one of these two signals. */
export interface Budget {
  /** From here on no batch is begun, and the one in work is given up. */
  workUntil: number;
  /** Aborted at `workUntil`: pulls and the user's function. */
  work: AbortSignal;
  /** Aborted shortly before the deadline: requests to the table, so that a batch finished in time is still committed. */
  requests: AbortSignal;
  /** All the time that the tick has for work, from its start. */
  workMs: number;
  remainingMs(): number;
  /** Ends the tick: aborts whatever is left, so that no frozen request runs on in a later tick. */
  end(): void;
}

/** Share of the reserve that stays free for the function's answer. */
const ANSWER_SHARE = 0.25;

/** `signal`: the whole run is given up, before its deadline. Then nothing is done any more, as after that. */
export function startBudget(
  clock: Clock,
  limits: { deadline: number; reserveMs: number; signal?: AbortSignal | undefined },
): Budget {
  const workUntil = limits.deadline - limits.reserveMs;
  const requestsUntil = limits.deadline - limits.reserveMs * ANSWER_SHARE;
  const ended = new AbortController();
  const giveUp = (): void => ended.abort(timeIsOver());
  if (limits.signal?.aborted) giveUp();
  limits.signal?.addEventListener('abort', giveUp, { once: true });
  const workMs = Math.max(0, workUntil - clock.now());
  return {
    workUntil,
    workMs,
    work: signalAt(clock, workUntil, ended.signal),
    requests: signalAt(clock, requestsUntil, ended.signal),
    remainingMs: () => Math.max(0, workUntil - clock.now()),
    end: () => ended.abort(HAS_ENDED),
  };
}

/** The same with less time for work from now on. */
export function shorter(clock: Clock, budget: Budget, limitMs: number): Budget {
  const workUntil = clock.now() + limitMs;
  if (workUntil >= budget.workUntil) return budget;
  return {
    ...budget,
    workUntil,
    work: signalAt(clock, workUntil, budget.work),
    remainingMs: () => Math.max(0, workUntil - clock.now()),
  };
}

/** One for all: the end of every tick needs it, and where it comes from says nothing. */
const HAS_ENDED = new DOMException('the tick has ended', 'AbortError');

const timeIsOver = () => new DOMException('the time of the tick is over', 'TimeoutError');

function signalAt(clock: Clock, at: number, ended: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const timeUp = (): void => controller.abort(timeIsOver());
  const left = at - clock.now();
  if (left <= 0) timeUp();
  else clock.sleep(left, ended).then(timeUp, () => controller.abort(ended.reason));
  return controller.signal;
}
