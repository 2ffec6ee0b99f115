import type { SQSBatchResponse } from 'aws-lambda';
import { readSlot } from '../config/slot.ts';
import { SettingsError } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import type { Clock, Random } from '../runtime.ts';
import type { TickResult } from './result.ts';
import type { Ring, Rung } from './ring.ts';

/** What a ring is answered: each slot's tick; or, where SQS has rung, the messages that are to come again. */
export type RungResult = { rung: TickResult[] } | SQSBatchResponse;

export interface DoorbellTools {
  /** Those of this deployment, as far as it knows them. */
  slots: readonly string[] | undefined;
  /** Kept free at the end of a run; with less than twice of it left, no other slot is woken. */
  reserveMs: number;
  clock: Pick<Clock, 'now'>;
  random: Pick<Random, 'next'>;
  logger: Logger;
}

/** Runs a tick of the slot, now, or has the run that is at work look once more. */
type Wake = (slot: string) => Promise<TickResult>;

/**
 * Answers rings, however many have come in one event: each slot that is meant ticks once, one after the other. Who names no slot means all, and
 * where there are several, chance says which is first, since there may not be time for all.
 *
 * A message of SQS comes again only if a tick for it has thrown, or if it must not be lost: a dead letter in the wrong queue. What cannot be
 * understood would never be, and is told. `all`: the slots that there are just now, where not all of this deployment are.
 */
export function createDoorbell(tools: DoorbellTools) {
  const { slots, reserveMs, clock, random, logger } = tools;
  const told = new Set<string>();
  const tellOnce = (own: NonNullable<Ring['own']>): void => {
    if (told.has(own)) return;
    told.add(own);
    logger.warn('ring.own', { own, remedy: OWN_REMEDY[own] });
  };

  /** Which slots a ring is for; none where it cannot be understood, or nobody is to be woken. */
  const meant = ({ slot, own }: Ring, by: Rung['by'], all: DoorbellTools['slots']): readonly string[] => {
    if (own !== undefined) {
      tellOnce(own);
      return [];
    }
    try {
      if (slot === undefined && all !== undefined) return all;
      return [readSlot({ slot }, slots)];
    } catch (error) {
      // Who has started the function directly is told; whoever else has rung hears nothing, and would only ring again.
      if (by === 'somebody' || !(error instanceof SettingsError)) throw error;
      logger.error('ring.unknown', { by, error, remedy: UNKNOWN_REMEDY });
      return [];
    }
  };

  return async ({ by, rings }: Rung, deadline: number, wake: Wake, all = slots): Promise<RungResult> => {
    const wanted = rings.map((ring) => ({ ring, slots: meant(ring, by, all) }));
    const order = fromAnywhere([...new Set(wanted.flatMap(({ slots }) => slots))], random);
    const results: TickResult[] = [];
    const failed = new Map<string, unknown>();
    for (const [at, slot] of order.entries()) {
      if (at > 0 && deadline - clock.now() < 2 * reserveMs) {
        logger.warn('ring.late', { slots: order.slice(at), remedy: LATE_REMEDY });
        break;
      }
      try {
        results.push(await wake(slot));
      } catch (error) {
        failed.set(slot, error);
        logger.error('ring.failed', { slot, by, error });
      }
    }
    if (by === 'sqs') {
      const again = wanted.filter(
        ({ ring, slots }) => ring.own === 'dead letter' || slots.some((slot) => failed.has(slot)),
      );
      return { batchItemFailures: again.map(({ ring }) => ({ itemIdentifier: ring.messageId! })) };
    }
    for (const error of failed.values()) throw error;
    return { rung: results };
  };
}

const OWN_REMEDY = {
  event:
    'it would ring for ever: have the rule leave out the source "shardbeat", since what a tick tells comes of a tick',
  'dead letter':
    "the group's dead letters are in the queue that rings, and come again and again: take another queue for one of them",
} as const;
const UNKNOWN_REMEDY =
  'the message is taken, and nobody was woken: name a slot of the group in it, as {"slot": "consumer-0"}, or none';
const LATE_REMEDY =
  'they look when their schedule has them: name the slot that is meant in the message, or give the function fewer slots or more time';

/** The same, beginning somewhere in it. */
function fromAnywhere(slots: readonly string[], random: Pick<Random, 'next'>): string[] {
  if (slots.length < 2) return [...slots];
  const first = Math.floor(random.next() * slots.length);
  return [...slots.slice(first), ...slots.slice(0, first)];
}
