/** Sends what becomes of a batch: several requests at a time, again what was throttled, and no longer than there is time. */
import type { Batch, BatchContext, FailedRecords } from '../../delivery/userModule.ts';
import { ShardbeatError } from '../../errors.ts';
import type { Backoff } from '../../http/retry.ts';
import { type Clock, type Random, systemClock, systemRandom } from '../../runtime.ts';
import type { Entry, Refused } from './entry.ts';
import { createQueue, type RequestLimits, type SinkQueue } from './queue.ts';

/** Puts a batch somewhere: an `eachBatch` that says which records are not there, and wants nothing to be written with the checkpoint. */
export type Sink = (batch: Batch, context: BatchContext) => Promise<FailedRecords | undefined>;

/** What the service says of one entry. */
export type Answer =
  | { readonly how: 'done' }
  /** Another time it may be taken; where the service tells, not before so many milliseconds. */
  | { readonly how: 'again'; readonly error: unknown; readonly waitMs?: number | undefined }
  /** It is to blame, and no other. `record`: of an entry that holds several, this one. */
  | { readonly how: 'refused'; readonly error: unknown; readonly record?: number | undefined };

export const DONE: Answer = { how: 'done' };

/** Time and chance; the system's unless set. */
export interface Runtime {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** What tells one sink from another. */
export interface Service<T> {
  /** Names it in logs and errors. */
  readonly name: string;
  readonly limits: RequestLimits;
  /** Requests at a time. */
  readonly parallelMax: number;
  /** What is sent of a batch, in order; nothing is read behind what cannot be sent. */
  read(batch: Batch): Iterable<Entry<T> | Refused>;
  /**
   * One request: an answer for each entry. Rejects where none can be told: with a retriable error, all of them are sent again; with
   * another one, nothing is sent any more.
   */
  send(entries: readonly Entry<T>[], batch: Batch, signal: AbortSignal): Promise<readonly Answer[]>;
}

const BACKOFF: Backoff = { firstMs: 200, mostMs: 5_000 };
/** Of a request of which nothing was taken, again and again. */
const ATTEMPTS_MAX = 8;
/** What is left of the tick's time for telling how far it got: a tenth, and no more than this. */
const RESERVE_MS_MAX = 500;

/**
 * A function for batches that sends them to the service. It names the first record that is not there when it ends, so that those before are
 * done; where that is the very first, and nobody says that it is to blame, it throws: the service may be down.
 */
export function createSink<T>(
  service: Service<T>,
  { clock = systemClock, random = systemRandom }: Runtime = {},
): Sink {
  return async (batch, context) => {
    const { signal } = context;
    signal.throwIfAborted();
    const queue = createQueue(service.read(batch)[Symbol.iterator](), service.limits);
    const remainingMs = context.remainingMs();
    const endAt = clock.now() + remainingMs - Math.min(RESERVE_MS_MAX, remainingMs / 10);
    const ending = endingAt(endAt, signal, clock);
    const common = { service, queue, batch, clock, random, endAt, signal: ending.signal };
    const run: Run<T> = { ...common, isStopped: false, retries: 0, error: undefined };
    try {
      await sendAll(run);
    } finally {
      ending.dispose();
    }
    signal.throwIfAborted();
    if (run.retries > 0) {
      const { retries, error } = run;
      context.logger.info('sink.retried', { sink: service.name, retries, error });
    }
    return outcomeOf(run);
  };
}

interface Run<T> {
  readonly service: Service<T>;
  readonly queue: SinkQueue<T>;
  readonly batch: Batch;
  readonly clock: Clock;
  readonly random: Random;
  /** When nothing is sent any more, a little before the tick's time is over; then the signal aborts. */
  readonly endAt: number;
  readonly signal: AbortSignal;
  /** Nothing more is begun. */
  isStopped: boolean;
  /** Requests that were sent once more. */
  retries: number;
  /** What the last one was sent again for; if it is stopped, why. */
  error: unknown;
}

async function sendAll<T>(run: Run<T>): Promise<void> {
  const sending = new Set<Promise<void>>();
  const begin = (entries: readonly Entry<T>[]): void => {
    const request = sendUntilTaken(run, entries).finally(() => sending.delete(request));
    sending.add(request);
  };
  for (;;) {
    while (sending.size < run.service.parallelMax && !run.isStopped) {
      const entries = run.queue.take();
      if (entries.length === 0) break;
      begin(entries);
    }
    if (sending.size === 0) return;
    await Promise.race(sending);
  }
}

/** Sends these, and what of them is to be sent again after a wait. Never rejects. */
async function sendUntilTaken<T>(run: Run<T>, entries: readonly Entry<T>[]): Promise<void> {
  const { clock, random, queue, signal, endAt } = run;
  let rest = entries;
  for (let attempts = 1; ; attempts++) {
    const answers = await answersTo(run, rest);
    if (answers === undefined) return;
    const again = settle(queue, rest, answers);
    if (again.entries.length === 0) return;
    // What gets on, if slowly, has as long as there is time.
    if (again.entries.length < rest.length) attempts = 1;
    rest = again.entries;
    run.error = again.error;
    const spreadMs = Math.min(BACKOFF.mostMs, BACKOFF.firstMs * 2 ** (attempts - 1));
    const waitMs = Math.max(random.next() * spreadMs, again.waitMs);
    if (attempts >= ATTEMPTS_MAX || clock.now() + waitMs >= endAt) {
      run.isStopped = true;
      return;
    }
    await clock.sleep(waitMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    run.retries += 1;
  }
}

/** Undefined: nothing is sent any more. */
async function answersTo<T>(
  run: Run<T>,
  entries: readonly Entry<T>[],
): Promise<readonly Answer[] | undefined> {
  const { service, batch, signal } = run;
  try {
    signal.throwIfAborted();
    return await service.send(entries, batch, signal);
  } catch (error) {
    if (!signal.aborted && error instanceof ShardbeatError && error.retriable) {
      return entries.map(() => ({ how: 'again', error }));
    }
    run.isStopped = true;
    run.error = signal.aborted ? (run.error ?? timeIsOver(service.name)) : error;
    return undefined;
  }
}

const timeIsOver = (name: string): ShardbeatError =>
  new ShardbeatError(`${name}: not all of the batch could be sent in the time of the tick`, {
    retriable: true,
  });

/** Notes what was answered, and says what is to be sent again: nothing that stands behind a failure. */
function settle<T>(queue: SinkQueue<T>, entries: readonly Entry<T>[], answers: readonly Answer[]) {
  let error: unknown;
  let waitMs = 0;
  const again: Entry<T>[] = [];
  for (const [index, entry] of entries.entries()) {
    const answer = answers[index]!;
    if (answer.how === 'again') {
      again.push(entry);
      error = answer.error;
      waitMs = Math.max(waitMs, answer.waitMs ?? 0);
      continue;
    }
    if (answer.how === 'refused')
      queue.refuse({ record: answer.record ?? entry.record, error: answer.error });
    queue.done([entry]);
  }
  const { record = Number.POSITIVE_INFINITY } = queue.refused() ?? {};
  return { entries: again.filter((entry) => entry.record < record), error, waitMs };
}

function outcomeOf<T>({ queue, error }: Run<T>): FailedRecords | undefined {
  const undone = queue.firstUndone();
  if (undone === undefined) return undefined;
  const refused = queue.refused();
  if (refused?.record === undone) return { failed: [undone], error: refused.error };
  if (undone === 0) throw error;
  return { failed: [undone], error };
}

/** Aborts at that time, and with the signal that is given. */
function endingAt(endAt: number, given: AbortSignal, clock: Clock) {
  const ended = new AbortController();
  const timer = new AbortController();
  const end = (): void => ended.abort(given.reason);
  given.addEventListener('abort', end, { once: true });
  clock.sleep(Math.max(0, endAt - clock.now()), timer.signal).then(end, () => undefined);
  return {
    signal: ended.signal,
    /** Nothing is left running behind the caller's back, also if he leaves early. */
    dispose(): void {
      end();
      timer.abort();
      given.removeEventListener('abort', end);
    },
  };
}
