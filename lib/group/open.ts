import { signalOf } from '../abort.ts';
import { SettingsError } from '../errors.ts';
import type { Clock } from '../runtime.ts';
import { SKEW_MARGIN_MS_MAX } from '../times.ts';
import { type Description, describe } from './describe.ts';
import { type Lag, type LagSource, lagOf } from './lag.ts';
import * as operations from './operations.ts';
import type { GroupStore } from './store.ts';

/** Of one call. */
export interface CallOptions {
  /** Ends the call. What it had begun may be finished by doing it again. */
  signal?: AbortSignal;
}

/** Of a call that may only tell what it would do. */
export interface DryRunOptions extends CallOptions {
  dryRun?: boolean;
}

/** Of a call that may be about one shard in place of the group. */
export interface ShardOptions extends CallOptions {
  shard?: string | undefined;
}

/** Whether a slot was removed, or until when a run of it may be at work, milliseconds since 1970. */
export type Removed = Awaited<ReturnType<typeof operations.removeSlot>>;

/** A group that is operated on. Each call is safe while its consumers run; if it stops half-way, do it again. */
export interface GroupOperations {
  /** Everything about the group at one time; changes nothing. */
  describe(options?: CallOptions): Promise<Description>;
  /** How far the group is behind its stream; asks the log service about each shard that is not done. */
  lag(options?: CallOptions): Promise<Lag>;
  /** Stops all reading, or that of one shard: slots keep their heartbeats and their shards. */
  pause(options?: ShardOptions): Promise<void>;
  resume(options?: ShardOptions): Promise<void>;
  /** Moves checkpoints, of one shard or of all, to a position or (of one shard) a cursor. */
  seek(request: operations.SeekRequest, options?: CallOptions): Promise<operations.Sought[]>;
  /** Takes every shard from a slot and gives it no more, until `undrain`. */
  drain(slot: string, options?: CallOptions): Promise<void>;
  undrain(slot: string, options?: CallOptions): Promise<void>;
  /** Removes a slot whose schedule is gone, unless a run of it may still be at work. */
  removeSlot(slot: string, options?: DryRunOptions): Promise<Removed>;
  /** Deletes the group, checkpoints and all; refused, with the slots' names, while any session lives. */
  delete(options?: DryRunOptions): Promise<{ deleted: true } | { deleted: false; live: string[] }>;
}

const NO_SOURCE =
  'give the source, the environment of the function, or its name: only the log service knows where that is';

export interface Operated {
  store: GroupStore;
  /** Needed to seek to a position, and for the lag. */
  source?: LagSource | undefined;
  clock: Pick<Clock, 'now'>;
  /** What to add to our clock to have the table's, as far as an answer has told. */
  skewMs?: () => number;
}

/** The operations as methods of one group, in its own time. */
export function operateOn({ store, source, clock, skewMs = () => 0 }: Operated): GroupOperations {
  /** In the table's time, of which an answer of it tells. */
  const limitsNow = async (options: { signal: AbortSignal }) => {
    await store.get('GROUP', { ...options, consistent: false });
    return { now: clock.now() + skewMs(), skewMarginMs: SKEW_MARGIN_MS_MAX };
  };
  const noSource = {
    cursorAt: async () => {
      throw new SettingsError('source', undefined, NO_SOURCE);
    },
  };
  return {
    describe: async (options) => {
      const { now } = await limitsNow(signalOf(options));
      return describe(store, now, signalOf(options));
    },
    lag: async (options) => {
      if (source === undefined) throw new SettingsError('source', undefined, NO_SOURCE);
      const { now } = await limitsNow(signalOf(options));
      return lagOf(store, source, now, signalOf(options));
    },
    pause: ({ shard, ...options } = {}) =>
      shard === undefined
        ? operations.pause(store, signalOf(options))
        : operations.pauseShard(store, shard, signalOf(options)),
    resume: ({ shard, ...options } = {}) =>
      shard === undefined
        ? operations.resume(store, signalOf(options))
        : operations.resumeShard(store, shard, signalOf(options)),
    seek: async (request, options) => {
      // Whether or not there is anything to seek: what cannot be done is refused.
      if (source === undefined && !('cursor' in request.to)) await noSource.cursorAt();
      return operations.seek(store, source ?? noSource, request, signalOf(options));
    },
    drain: (slot, options) => operations.drain(store, slot, signalOf(options)),
    undrain: (slot, options) => operations.undrain(store, slot, signalOf(options)),
    removeSlot: async (slot, { dryRun, ...options } = {}) => {
      const limits = { ...(await limitsNow(signalOf(options))), dryRun };
      return operations.removeSlot(store, slot, limits, signalOf(options));
    },
    delete: async ({ dryRun, ...options } = {}) => {
      const limits = { ...(await limitsNow(signalOf(options))), dryRun };
      return operations.deleteGroup(store, limits, signalOf(options));
    },
  };
}
