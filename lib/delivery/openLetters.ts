/** What an operator does with dead letters. */
import { signalOf } from '../abort.ts';
import { SettingsError } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import { noTracing } from '../observe/tracing.ts';
import type { Clock } from '../runtime.ts';
import type { Source } from '../sources/source.ts';
import type { DeadLetterStore, KeptLetter, LetterFilter } from './deadLetters/deadLetters.ts';
import { checkChoice, checkFilter, checkRequest } from './letterRequest.ts';
import { type RedriveRequest, type RedriveResult, redrive } from './redrive.ts';
import { userFunctionsOf } from './userFunctions.ts';
import type { UserModule } from './userModule.ts';

/** How many were dropped, and how many were in the hands of a redrive and stay. */
export interface Dropped {
  dropped: number;
  skipped: number;
}

/** Of one call. */
interface CallOptions {
  signal?: AbortSignal;
}

/** Dead letters that are operated on. Each call is safe while consumers and redrives run, and refuses what it cannot understand. */
export interface LetterOperations {
  /** Those that are meant, or all; changes nothing. */
  deadLetters(filter?: LetterFilter, options?: CallOptions): AsyncIterable<KeptLetter>;
  /** How many there are, about: others may be at work. */
  countDeadLetters(options?: CallOptions): Promise<number>;
  /**
   * Gives them to this module's function, here and now, or to that of the deployed `function`; removes those for which it
   * succeeds.
   */
  redrive(
    module: UserModule | 'function',
    request?: RedriveRequest,
    options?: CallOptions,
  ): Promise<RedriveResult>;
  /** Removes them without giving them to anybody. There is no way back. */
  dropDeadLetters(which: LetterFilter | 'all', options?: CallOptions): Promise<Dropped>;
}

export interface OperatedLetters {
  letters: DeadLetterStore;
  source: Pick<Source, 'pull'> | undefined;
  group: string;
  clock: Clock;
  /** The time of the group's table, once that has been asked. */
  now(): number;
  /** Has the deployed function do it, where that is known. */
  redriveByFunction?: ((request: RedriveRequest, signal: AbortSignal) => Promise<RedriveResult>) | undefined;
  /** Asks it. */
  synchronize(options: { signal: AbortSignal }): Promise<unknown>;
  logger: Logger;
}

/** How long after it was told to stop, an operation may still say what became of what it had begun. */
const GRACE_MS = 5_000;
const DROP_LEASE_MS = 60_000;

export function operateOnLetters(operated: OperatedLetters): LetterOperations {
  const { letters, clock, synchronize, redriveByFunction = noFunction } = operated;
  return {
    async *deadLetters(filter = {}, options) {
      checkFilter('filter', filter);
      await synchronize(signalOf(options));
      yield* letters.list(filter, signalOf(options));
    },
    countDeadLetters: (options) => letters.count(signalOf(options)),
    async redrive(module, request = {}, options) {
      checkRequest(request);
      if (module === 'function') return redriveByFunction(request, signalOf(options).signal);
      const { deliver } = userFunctionsOf(module);
      const { signal } = signalOf(options);
      await synchronize({ signal });
      const ended = new AbortController();
      const requests = later(signal, clock, ended.signal);
      const time = { workUntil: Number.POSITIVE_INFINITY, work: signal, requests };
      try {
        const tools = { ...operated, deadLetters: letters, deliver, tracing: noTracing };
        return await redrive(tools, request, time);
      } finally {
        ended.abort();
      }
    },
    async dropDeadLetters(which, options) {
      const filter = which === 'all' ? {} : which;
      if (which !== 'all') checkChoice(which);
      await synchronize(signalOf(options));
      return drop(letters, filter, signalOf(options));
    },
  };
}

async function noFunction(): Promise<never> {
  throw new SettingsError('function', undefined, 'name the deployed function, or give a module');
}

async function drop(
  letters: DeadLetterStore,
  filter: LetterFilter,
  { signal }: { signal: AbortSignal },
): Promise<Dropped> {
  const counts = { dropped: 0, skipped: 0 };
  for await (const claim of letters.claims(filter, { signal, leaseMs: DROP_LEASE_MS })) {
    const isDropped = claim !== 'taken' && (await claim.remove({ signal }));
    counts[isDropped ? 'dropped' : 'skipped']++;
  }
  return counts;
}

/** Aborts some time after the given one has. */
function later(signal: AbortSignal, clock: Clock, ended: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const wait = (): void => {
    clock.sleep(GRACE_MS, ended).then(
      () => controller.abort(signal.reason),
      () => {},
    );
  };
  if (signal.aborted) wait();
  else signal.addEventListener('abort', wait, { once: true, signal: ended });
  return controller.signal;
}
