import { orAborted } from '../abort.ts';
import type { Logger } from '../observe/logger.ts';
import type { EventBus } from './eventBus.ts';
import type { GroupEvent, Happening } from './groupEvent.ts';
import type { BatchContext, OnEvent } from './userModule.ts';

/** Notes what happens in a tick, and tells it at its end: the user's function, and the bus. One for each sandbox. */
export interface Announcer {
  happened(slot: string, happening: Happening): void;
  /** The slot is assigned these. Those that it was before, in this sandbox, and that are not done, are revoked for `why`. */
  assigned(slot: string, shards: readonly string[], why: 'lost' | 'drained'): void;
  /** Never rejects. What the bus did not take is sent with what comes next. */
  announce(context: BatchContext): Promise<void>;
}

/** Of a bus that takes nothing, or of a tick without time for it. */
const WAITING_MAX = 200;

/** Where nobody is to be told. */
const TO_NOBODY: Announcer = { happened() {}, assigned() {}, async announce() {} };

export function createAnnouncer(options: {
  group: string;
  /** The group's time. */
  now: () => number;
  logger: Logger;
  onEvent?: OnEvent | undefined;
  bus?: EventBus | undefined;
}): Announcer {
  const { group, now, logger, onEvent, bus } = options;
  if (onEvent === undefined && bus === undefined) return TO_NOBODY;
  const ofSlots = new Map<string, Set<string>>();
  let waiting: GroupEvent[] = [];
  let unsent: GroupEvent[] = [];

  const happened = (slot: string, happening: Happening): void => {
    if (happening.type === 'shardDone') ofSlots.get(slot)?.delete(happening.shard);
    waiting.push({ ...happening, group, slot, at: now() });
  };

  const call = async (event: GroupEvent, context: BatchContext): Promise<void> => {
    try {
      await orAborted((async () => onEvent!(event, context))(), context.signal);
    } catch (error) {
      logger.error('event.failed', { type: event.type, error });
    }
  };

  const send = async (signal: AbortSignal): Promise<void> => {
    if (bus === undefined || unsent.length === 0) return;
    const answer = await bus.put(unsent, { signal });
    unsent = answer.left.slice(-WAITING_MAX);
    if (answer.error === undefined) return;
    const dropped = answer.left.length - unsent.length;
    logger.warn('events.notSent', {
      events: unsent.length,
      ...(dropped > 0 && { dropped }),
      error: answer.error,
    });
  };

  return {
    happened,
    assigned(slot, shards, why) {
      const before = ofSlots.get(slot) ?? new Set();
      const held = new Set(shards);
      ofSlots.set(slot, held);
      const left = [...before].filter((shard) => !held.has(shard));
      for (const shard of left) happened(slot, { type: 'revoked', shard, why });
    },
    async announce(context) {
      const events = waiting;
      waiting = [];
      unsent.push(...events);
      const sending = send(context.signal);
      if (onEvent !== undefined) for (const event of events) await call(event, context);
      await sending;
    },
  };
}
