import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceGroup } from '../../lib/sources/serviceGroup.ts';

/** A service with one stream of two open shards, and a driver for one of its groups, which is not made yet. */
export interface ServiceGroupBackend {
  serviceGroup: ServiceGroup;
  /** The session timeout that the driver was given. */
  sessionTimeoutMs: number;
  /** A driver for the same group that was given another one. */
  groupWith(sessionTimeoutMs: number): ServiceGroup;
  /** Whether the service hands a shard on only once its old holder no longer reports it. */
  waits: boolean;
  /** Whether the service takes a checkpoint from the owner only. */
  fenced: boolean;
  /** Whether the service tells when a checkpoint was committed. */
  reportsWhen: boolean;
  /** Makes it possible to delete the group: some services keep one that has live consumers. */
  beforeRemoval?(): void;
  /** Cursors of a shard: where it begins, and where it ends after some records were put. */
  cursors(shard: string): Promise<{ begin: string; end: string }>;
  advance(durationMs: number): void | Promise<void>;
  closeAll(): Promise<void>;
}

const { signal } = new AbortController();

/** What every driver of ServiceGroup must do. */
export function describeServiceGroup(name: string, setup: () => Promise<ServiceGroupBackend>): void {
  describe(`the service group ${name}`, () => {
    let backend: ServiceGroupBackend;
    let serviceGroup: ServiceGroup;

    beforeEach(async () => {
      backend = await setup();
      serviceGroup = backend.serviceGroup;
    });
    afterEach(() => backend.closeAll());

    const heartbeat = async (slot: string, ...held: string[]): Promise<string[]> => {
      const answer = await serviceGroup.heartbeat(slot, held, signal);
      if (!answer.known) throw new Error(`${slot} is not known`);
      return answer.assigned.toSorted();
    };
    const commit = async (slot: string, shard: string, cursor: string): Promise<unknown> =>
      (await serviceGroup.commit(slot, new Map([[shard, cursor]]), signal)).get(shard);
    /** One slot that holds both shards. */
    const alone = async (): Promise<[string, string]> => {
      await serviceGroup.join(signal);
      return (await heartbeat('a')) as [string, string];
    };

    it('can be joined again and again', async () => {
      await serviceGroup.join(signal);
      await serviceGroup.join(signal);
      expect(await heartbeat('a')).toHaveLength(2);
    });

    it('brings back its session timeout where somebody has changed it', async () => {
      await alone();
      const shortMs = backend.sessionTimeoutMs / 8;
      const isHeldFor = async (durationMs: number): Promise<boolean> => {
        await backend.advance(durationMs);
        const held = (await heartbeat('b')).length < 2;
        await backend.advance(2 * backend.sessionTimeoutMs);
        return held;
      };
      await backend.groupWith(shortMs).join(signal);
      await heartbeat('a');
      expect(await isHeldFor(shortMs + 1_000)).toBe(false);
      await backend.groupWith(shortMs).join(signal);
      await serviceGroup.join(signal);
      await heartbeat('a');
      expect(await isHeldFor(shortMs + 1_000)).toBe(true);
    });

    it('knows the ids of shards from whatever else', async () => {
      for (const shard of await alone()) {
        expect(serviceGroup.isShard(shard)).toBe(true);
        const strange = ['x', '', '-1', '1.5', '01', '1e3', ' 1', '99999999999', 'NaN', 'null', ':', 'x:'];
        for (const id of [...strange, `${shard}x`, `-${shard}:-1`, `${shard}.5`]) {
          expect(serviceGroup.isShard(id), id).toBe(false);
        }
      }
    });

    it('gives every shard to the only slot, and the same again', async () => {
      const held = await alone();
      expect(held).toHaveLength(2);
      expect(await heartbeat('a', ...held)).toEqual(held);
    });

    it('takes a shard away for a slot that joins, who has it once the first one reports it no more', async () => {
      const held = await alone();
      const early = await heartbeat('b');
      if (backend.waits) expect(early).toEqual([]);
      const kept = await heartbeat('a', ...held);
      expect(kept).toHaveLength(1);
      if (backend.waits) expect(await heartbeat('b')).toEqual([]);
      expect(await heartbeat('a', ...kept)).toEqual(kept);
      expect(await heartbeat('b')).toEqual(held.filter((shard) => !kept.includes(shard)));
    });

    it('drops a slot that was silent too long, and says so when it comes back with shards, or that it never does', async () => {
      const held = await alone();
      await backend.advance(backend.sessionTimeoutMs + 1_000);
      const answer = await serviceGroup.heartbeat('a', held, signal);
      if (serviceGroup.reportsDropped) expect(answer).toEqual({ known: false });
      else expect(answer).toMatchObject({ known: true });
      expect(await heartbeat('a')).toEqual(held);
    });

    it('gives the shards of a silent slot to the others', async () => {
      const held = await alone();
      await backend.advance(backend.sessionTimeoutMs / 2);
      await heartbeat('b');
      await backend.advance(backend.sessionTimeoutMs / 2 + 1_000);
      expect(await heartbeat('b')).toEqual(held);
    });

    it('has no checkpoints at first, and then those that were committed', async () => {
      const [shard] = await alone();
      // Of a shard that holds nothing, CLS cannot say whether its one position was committed.
      const { begin, end } = await backend.cursors(shard);
      expect(await serviceGroup.checkpoints(signal)).toEqual(new Map());
      expect(await commit('a', shard, begin)).toBe('committed');
      expect(await commit('a', shard, end)).toBe('committed');
      expect(await serviceGroup.checkpoints(signal)).toEqual(new Map([[shard, end]]));
      expect(await serviceGroup.status(signal)).toContainEqual(
        expect.objectContaining({
          shard,
          cursor: end,
          updatedAt: backend.reportsWhen ? expect.any(Number) : undefined,
        }),
      );
    });

    it('takes the checkpoints of many shards at a time, and answers for each', async () => {
      const held = await alone();
      const ends = new Map<string, string>();
      for (const shard of held) ends.set(shard, (await backend.cursors(shard)).end);
      const outcomes = await serviceGroup.commit('a', ends, signal);
      expect(outcomes).toEqual(new Map(held.map((shard) => [shard, 'committed'])));
      expect(await serviceGroup.checkpoints(signal)).toEqual(ends);
    });

    it('takes a checkpoint from nobody but the owner, where the service looks', async () => {
      const [shard] = await alone();
      const { end } = await backend.cursors(shard);
      if (!backend.fenced) return;
      await heartbeat('b');
      expect(await commit('b', shard, end)).toBe('notOwner');
      expect(await commit('stranger', shard, end)).toBe('notOwner');
      expect(await serviceGroup.checkpoints(signal)).toEqual(new Map());
    });

    it('is made again when it was deleted, and can be deleted twice', async () => {
      await alone();
      backend.beforeRemoval?.();
      await serviceGroup.remove(signal);
      await serviceGroup.remove(signal);
      expect(await serviceGroup.heartbeat('a', [], signal)).toMatchObject({ known: true });
    });
  });
}
