import { type ConsumerItem, consumerKey } from './items.ts';
import { type GroupStore, type RequestOptions, unchanged } from './store.ts';

/** What is done to a slot's lease besides taking it: the run that has it gives it back, and those that it keeps out leave word. */

/** A slot, as a run last saw its item. */
export interface Seen {
  slot: string;
  consumer: ConsumerItem;
}

/**
 * The run that has the slot has come to its end, and gives the slot back. Its lock becomes as old as its heartbeat, so that a late repeat of that
 * is refused as if the run were at work, and the next one is not. `earlyAt`: notes when this run came, while another one might have been at work.
 *
 * Refused where another run has the slot, and where somebody has rung since `consumer` was seen: rings only grow, so that a repeat which
 * lands late, after the run has gone on, is refused as well. After this nothing of the run may be under way.
 */
export async function giveBack(
  store: GroupStore,
  { slot, consumer }: Seen,
  { skewMarginMs, earlyAt }: { skewMarginMs: number; earlyAt?: number | undefined },
  options: RequestOptions,
): Promise<boolean> {
  const { heartbeatAt, invocation, rings } = consumer;
  const written = await store.update(
    consumerKey(slot),
    {
      set: { busyUntil: heartbeatAt - skewMarginMs, ...(earlyAt !== undefined && { earlyAt }) },
      condition: { all: [{ equal: 'invocation', value: invocation }, unchanged('rings', rings)] },
    },
    options,
  );
  return written.accepted;
}

/** Whoever is refused says so, and has the runs of the slot give it back from then on. */
export async function noteEarly(
  store: GroupStore,
  { slot, consumer }: Seen,
  now: number,
  options: RequestOptions,
): Promise<void> {
  const condition = { equal: 'invocation', value: consumer.invocation } as const;
  await store.update(consumerKey(slot), { set: { earlyAt: now }, condition }, options);
}

/**
 * Has the run that holds the slot poll once more before it gives the slot back. Refused where it does not hold it any more as it was seen: then
 * the slot may be free. A run that holds the slot and has ended cannot hear it; the next ones give it back.
 */
export async function ring(
  store: GroupStore,
  { slot, consumer }: Seen,
  now: number,
  options: RequestOptions,
): Promise<boolean> {
  const { invocation, busyUntil } = consumer;
  const written = await store.update(
    consumerKey(slot),
    {
      set: { earlyAt: now },
      add: { rings: 1 },
      condition: {
        all: [
          { equal: 'invocation', value: invocation },
          { equal: 'busyUntil', value: busyUntil },
        ],
      },
    },
    options,
  );
  return written.accepted;
}
