/** How often the service is asked where its checkpoints are, and what is told of those that are brought to it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { shardKey } from '../../lib/group/items.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { createMemoryStore } from '../../lib/group/stores/memory.ts';
import type { CommitOutcome, ServiceGroup } from '../../lib/sources/serviceGroup.ts';
import type { TickContext } from '../../lib/tick/context.ts';
import { createCheckpoints } from '../../lib/tick/coordination/serviceCheckpoints.ts';

const options = { signal: new AbortController().signal };
let store: GroupStore;
let asked: number;
let logged: string[];

beforeEach(() => {
  store = createMemoryStore(new Map(), 'orders');
  asked = 0;
  logged = [];
});

function checkpointsOf(reportsDropped: boolean, outcome: CommitOutcome = 'committed') {
  const group: Partial<ServiceGroup> = {
    reportsDropped,
    checkpoints: async () => {
      asked += 1;
      return new Map([
        ['0', '7'],
        ['1', '7'],
      ]);
    },
    commit: async (_slot, cursors) => new Map([...cursors.keys()].map((shard) => [shard, outcome])),
  };
  const logger = { warn: (event: string) => logged.push(event) };
  const source = { distance: (from: string, to: string) => Number(to) - Number(from) };
  const context = { source, store, logger, slot: 'a', budget: { requests: options.signal } };
  return createCheckpoints(context as unknown as TickContext, group as ServiceGroup);
}

describe("the service's checkpoints", () => {
  it('are asked for once in a tick, by all shards together', async () => {
    const checkpoints = checkpointsOf(false);
    const beyond = await Promise.all([checkpoints.beyond('0', '5'), checkpoints.beyond('1', '7')]);
    expect(beyond).toEqual(['7', undefined]);
    expect(await checkpoints.isPassed('0', '6')).toBe(true);
    expect(asked).toBe(1);
  });

  it('are not asked for before publishing to a service that refuses whom it has dropped', async () => {
    expect(await checkpointsOf(true).isPassed('0', '5')).toBe(false);
    expect(asked).toBe(0);
  });
});

describe('a checkpoint that an operator sought', () => {
  const sought = { shard: '0', cursor: '5', epoch: 3, step: undefined, sought: true };
  const put = (owner: string) => {
    const set = { owner, epoch: 3, cursor: '5', state: 'open' as const, parents: [], sought: true };
    return store.update(shardKey('0'), { set, condition: { absent: 'epoch' } }, options);
  };
  const isSought = async () =>
    (await store.get(shardKey('0'), { ...options, consistent: true }))!.sought === true;

  it('is settled once the service has it', async () => {
    await put('a');
    expect(await checkpointsOf(false).publish([sought])).toEqual(new Map([['0', 'committed']]));
    expect(await isSought()).toBe(false);
  });

  it('is lost if the shard has changed hands meanwhile', async () => {
    await put('b');
    expect(await checkpointsOf(false).publish([sought])).toEqual(new Map([['0', 'lost']]));
    expect(await isSought()).toBe(true);
  });

  it.each<[CommitOutcome, string, string]>([
    ['notOwner', 'notOwner', 'service.notOwner'],
    [{ error: new Error('no') }, 'failed', 'checkpoint.notPublished'],
  ])('stays sought where the service does not take it: %j', async (outcome, told, event) => {
    await put('a');
    expect(await checkpointsOf(false, outcome).publish([sought])).toEqual(new Map([['0', told]]));
    expect(await isSought()).toBe(true);
    expect(logged).toEqual([event]);
  });
});
