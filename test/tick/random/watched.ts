import type { Deliver } from '../../../lib/delivery/delivered.ts';
import type { ShardItem } from '../../../lib/group/items.ts';
import type { GroupStore } from '../../../lib/group/store.ts';
import type { ServiceGroup } from '../../../lib/sources/serviceGroup.ts';
import type { Given } from './given.ts';
import type { Ledger, Run } from './ledger.ts';

/** What a tick has, with an eye on it: each sees what truly happens, whether the tick lives to hear of it or not. */

/** A checkpoint in the table passes nothing that is not finished. And what is noted as in work may be what a run dies of. */
export function watchStore(store: GroupStore, ledger: Ledger, run: Run): GroupStore {
  const update: GroupStore['update'] = async (key, write, options) => {
    const written = await store.update(key, write, options);
    const [kind, shard] = key.split('#');
    if (!written.accepted || kind !== 'SHARD') return written;
    const { cursor, pending } = (write.set ?? {}) as Partial<ShardItem>;
    if (cursor !== undefined) ledger.moved('the table', shard!, cursor);
    if (pending?.inWork !== undefined) run.noted.set(shard!, (pending.size ?? 1) + (pending.block ?? 0));
    return written;
  };
  return { ...store, update };
}

/** Nor does one at the service. */
export function watchService(group: ServiceGroup, ledger: Ledger): ServiceGroup {
  const commit: ServiceGroup['commit'] = async (slot, cursors, signal) => {
    const answers = await group.commit(slot, cursors, signal);
    for (const [shard, cursor] of cursors) {
      if (answers.get(shard) === 'committed') ledger.moved('the service', shard, cursor);
    }
    return answers;
  };
  return { ...group, commit };
}

/** What is given, and what comes of it. */
export function watchUser(
  deliver: Deliver,
  { given, run }: { given: Given; run: Run },
  note: (what: string) => void,
): Deliver {
  return async (batch, context) => {
    const { id } = batch;
    const delivery = given.begun(run, batch);
    note(`${run.slot} is given ${id.split('/').slice(1).join('/').slice(-24)} ${contentsOf(delivery)} …`);
    const delivered = await deliver(batch, context);
    given.answered(delivery, delivered);
    note(
      `${run.slot} … ${delivered.how} ${'done' in delivered ? delivered.done : ''} ${contentsOf(delivery)}`,
    );
    return delivered;
  };
}

const contentsOf = ({ entries }: ReturnType<Given['begun']>): string =>
  entries.map(({ content }) => content).join(',');
