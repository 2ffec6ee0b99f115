import type { Dice } from '../../local/faults/dice.ts';

/** True time, and everything that is going to happen in it. Milliseconds. */
export interface Scheduler {
  now(): number;
  at(time: number, action: () => void): void;
  after(delayMs: number, action: () => void): void;
  /** Lets time pass up to `until`, or until `stopped` says so. */
  run(until: number, stopped: () => boolean): Promise<void>;
}

interface Event {
  time: number;
  /** Orders events of one moment by chance: nothing may depend on which comes first. */
  tie: number;
  action: () => void;
}

export function createScheduler(startsAt: number, dice: Dice): Scheduler {
  const heap: Event[] = [];
  let now = startsAt;
  const at = (time: number, action: () => void): void => {
    push(heap, { time: Math.max(now, Math.round(time)), tie: dice.next(), action });
  };
  return {
    now: () => now,
    at,
    after: (delayMs, action) => at(now + delayMs, action),
    async run(until, stopped) {
      while (heap.length > 0 && heap[0]!.time <= until && !stopped()) {
        const event = pop(heap);
        now = event.time;
        event.action();
        await codeToRest();
      }
      now = Math.max(now, until);
    },
  };
}

/** By then every continuation that the event woke has run as far as it can. */
const codeToRest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const before = (a: Event, b: Event): boolean => (a.time === b.time ? a.tie < b.tie : a.time < b.time);

function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(event, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = event;
}

function pop(heap: Event[]): Event {
  const first = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
  return first;
}
