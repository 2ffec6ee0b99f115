import type { Clock } from '../../../lib/runtime.ts';

/**
 * One tick's thread of life: every call that it makes to the outside goes through it. At one of them it may be held, before
 * that call is made or before its answer comes in; then it goes on, or it is dead: nothing comes in any more, as in a killed
 * process, whatever its requests still do at the other end.
 */
export interface Fate {
  /** Of which calls: all, or those of the user's function. */
  of: 'all' | 'process';
  at: number;
  when: 'before' | 'after';
}

export interface Life {
  /** Resolves when the tick is held, and whatever else it had begun is over. */
  readonly held: Promise<void>;
  /** Resolves when the user's function has ended the process. */
  readonly exited: Promise<void>;
  goOn(): void;
  die(): void;
  /** What the user's function does to end the process: it never comes back from there. */
  exit(): Promise<never>;
  /** Nothing but the user's function is under way: then time may pass. */
  calm(): Promise<void>;
  /** Nothing at all is: the tick waits for time to pass, if it is not over. */
  rest(): Promise<void>;
  /** The same object, with every method a call to the outside. */
  around<T extends object>(outside: T): T;
  /** The user's function, whose calls may be meant by themselves. */
  process<A extends unknown[], R>(process: (...given: A) => Promise<R>): (...given: A) => Promise<R>;
  /** The clock as this tick has it: while it is held, it hears of no time that is over. */
  clock(clock: Clock): Clock;
}

/** Turns of the event loop without a call after which none follows. */
const CALM_TURNS = 3;

const never = (): Promise<never> => new Promise(() => {});

export function createLife(fate: Fate | undefined): Life {
  let calls = 0;
  let dead = false;
  let wasHeld = false;
  let isHeld = false;
  let underWay = 0;
  const held = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();

  /** Time stands still until a test moves it: a request that was under way meanwhile would time out. */
  const calmDown = async (others: number): Promise<void> => {
    for (let turns = 0; turns < CALM_TURNS && !dead; turns++) {
      await new Promise(setImmediate);
      if (underWay > others) turns = 0;
    }
  };
  const hold = async (): Promise<void> => {
    await calmDown(0);
    isHeld = true;
    held.resolve();
    await gate.promise;
  };
  const call =
    <A extends unknown[], R>(outside: (...given: A) => Promise<R>, isProcess = false) =>
    async (...given: A): Promise<R> => {
      if (dead) return never();
      if (isProcess || fate?.of === 'all') calls++;
      const isFatal = !wasHeld && calls === fate?.at;
      wasHeld ||= isFatal;
      if (isFatal && fate?.when === 'before') await hold();
      underWay++;
      const settled = await Promise.allSettled([(async () => outside(...given))()]);
      underWay--;
      if (isFatal && fate?.when === 'after') await hold();
      if (dead) return never();
      const [answer] = settled;
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value;
    };
  const wake = async (slept: Promise<void>): Promise<void> => {
    await slept;
    if (isHeld) await gate.promise;
    if (dead) await never();
  };
  return {
    held: held.promise,
    exited: exited.promise,
    goOn: gate.resolve,
    die: () => {
      dead = true;
    },
    exit() {
      dead = true;
      exited.resolve();
      return never();
    },
    calm: async () => {
      await calmDown(1);
      // What else the function had begun ends with its process.
      if (dead) await never();
    },
    rest: () => calmDown(0),
    process: (process) => call(process, true),
    clock: (clock) => ({
      now: clock.now,
      sleep: (durationMs, signal) => wake(clock.sleep(durationMs, signal)),
    }),
    around: <T extends object>(outside: T): T =>
      new Proxy(outside, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          const isCall = typeof value === 'function' && !PURE.has(String(name));
          return isCall ? call(value.bind(target)) : value;
        },
      }),
  };
}

/** Methods of sources and groups that answer at once. */
const PURE = new Set(['distance', 'tagsOf', 'isShard']);
