import assert from 'node:assert/strict';
import type { Times } from '../times.ts';
import { type ConsumerItem, consumerKey, type Load } from './items.ts';
import type { GroupStore, RequestOptions } from './store.ts';

export interface Beat {
  slot: string;
  /** Fresh for every run of the handler: retries and duplicates of one event share their request id. */
  nonce: string;
  now: number;
  /** When the platform kills this run. */
  deadline: number;
  times: Times;
  /** Of the tick before, as far as it is known. */
  load?: Load | undefined;
}

export type HeartbeatAnswer =
  | { accepted: true; consumer: ConsumerItem }
  /** `consumer`: as it was then; undefined: it has just been removed. */
  | { accepted: false; consumer: ConsumerItem | undefined };

/**
 * Renews the slot's session and takes the slot until this run's own deadline, in one write; answers with the
 * assignment. Refused while another run of the slot is within its deadline: then this one may do nothing.
 *
 * Throws StoreError when there was no answer (see settled.ts): then this run may do no work.
 */
export async function heartbeat(
  store: GroupStore,
  beat: Beat,
  options: RequestOptions,
): Promise<HeartbeatAnswer> {
  const { slot, nonce, now, deadline, times, load } = beat;
  assert(slot !== '' && nonce !== '', 'a heartbeat is of a slot, and of one run of it');
  const written = await store.update(
    consumerKey(slot),
    {
      set: {
        heartbeatAt: now,
        expiresAt: now + times.sessionTimeoutMs,
        busyUntil: deadline,
        invocation: nonce,
        ...(load !== undefined && { load }),
      },
      copy: { acknowledged: { from: 'generation', otherwise: 0 } },
      add: { tick: 1 },
      condition: { any: [{ absent: 'busyUntil' }, { less: 'busyUntil', value: now - times.skewMarginMs }] },
    },
    options,
  );
  if (written.accepted) {
    // All that this tick does rests on the item that it was answered with.
    assert(written.item.invocation === nonce && written.item.tick > 0, 'the slot is taken by this very run');
    return { accepted: true, consumer: written.item };
  }

  // The network may have delivered our write twice: then the first one refuses the second. The nonce tells, and only after
  // the refusal: inside the condition it would let a delayed first attempt acknowledge a later plan.
  const consumer = await store.get(consumerKey(slot), { ...options, consistent: true });
  if (consumer?.invocation === nonce) return { accepted: true, consumer };
  return { accepted: false, consumer };
}
