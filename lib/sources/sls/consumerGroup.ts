/** SLS's own consumer groups, of one logstore. API reference: "Consumer groups" in "List of operations by function". */
import { SourceError } from '../../errors.ts';
import { badResponse } from '../../http/failure.ts';
import { forEachParallel } from '../../parallel.ts';
import { keepGroup } from '../keepGroup.ts';
import type { CommitOutcome, OnGroupChange, ServiceGroup, ShardStatus } from '../serviceGroup.ts';
import { arrayOf, assignedOf, isShardId, requestIdOf } from './answers.ts';
import { percentEncode } from './signature.ts';
import { createTransport, type SlsRequest, type SlsResponse, type TransportOptions } from './transport.ts';

export interface SlsConsumerGroupOptions extends TransportOptions {
  logstore: string;
  group: string;
  /** The service drops a slot that was silent for longer. */
  sessionTimeoutMs: number;
  /** Children of a split or merge wait until their parents are consumed. */
  order: boolean;
  onChange?: OnGroupChange;
}

/** A checkpoint is a request of its own. */
const COMMITS_PARALLEL_MAX = 4;

/** Whoever commits is not the shard's owner. The documented spellings, and those that official SDKs look for. */
const NOT_OWNER = /^(ConsumerNotExist|ConsumerNotExsit|ConsumerNotMatch|ShardNotExist|ShardNotExsit)$/i;

export function createSlsConsumerGroup(options: SlsConsumerGroupOptions): ServiceGroup {
  const { logstore, group, order, onChange = () => {} } = options;
  const timeout = Math.ceil(options.sessionTimeoutMs / 1_000);
  const transport = createTransport(options);
  const groupsPath = `/logstores/${percentEncode(logstore)}/consumergroups`;
  const path = `${groupsPath}/${percentEncode(group)}`;
  const send = (request: Omit<SlsRequest, 'headers' | 'body'>, body?: unknown): Promise<SlsResponse> => {
    if (body === undefined) return transport(request);
    const headers = { 'content-type': 'application/json' };
    return transport({ ...request, headers, body: Buffer.from(JSON.stringify(body)) });
  };

  const kept = keepGroup({
    make: async (signal) => {
      await send({ method: 'POST', path: groupsPath, signal }, { consumerGroup: group, timeout, order });
    },
    isThere: (error) => codeOf(error) === 'ConsumerGroupAlreadyExist',
    isMissing: (error) => codeOf(error) === 'ConsumerGroupNotExist',
    onChange,
  });

  const status = async (signal: AbortSignal): Promise<ShardStatus[]> =>
    statusOf(await send({ method: 'GET', path, signal }));

  const commitOne = async (
    slot: string,
    shard: string,
    cursor: string,
    signal: AbortSignal,
  ): Promise<CommitOutcome> => {
    const query = { type: 'checkpoint', consumer: slot, forceSuccess: 'false' };
    try {
      const body = { shard: Number(shard), checkpoint: cursor };
      await send({ method: 'POST', path, query, idempotent: true, signal }, body);
      return 'committed';
    } catch (error) {
      const isNot = NOT_OWNER.test(codeOf(error) ?? '') || codeOf(error) === 'ConsumerGroupNotExist';
      return isNot ? 'notOwner' : { error };
    }
  };

  return {
    reportsDropped: true,

    isShard: (id) => /^(0|[1-9]\d*)$/.test(id) && isShardId(Number(id)),

    async join(signal) {
      const groups = arrayOf(
        await send({ method: 'GET', path: groupsPath, signal }),
      ) as (Partial<ListedGroup> | null)[];
      const found = groups.find((listed) => listed?.name === group);
      if (!found) {
        await kept.create(signal);
      } else if (found.timeout !== timeout || found.order !== order) {
        await send({ method: 'PUT', path, idempotent: true, signal }, { timeout, order });
        const differs = found.timeout !== timeout && Number.isFinite(found.timeout);
        onChange('updated', differs ? Number(found.timeout) * 1_000 : undefined);
      }
    },

    heartbeat: (slot, held, signal) =>
      kept.withGroup(async () => {
        const query = { type: 'heartbeat', consumer: slot };
        try {
          const request = { method: 'POST', path, query, idempotent: true, signal } as const;
          const answer = await send(request, held.map(Number));
          return { known: true, assigned: assignedOf(answer) } as const;
        } catch (error) {
          if (codeOf(error) === 'NotExistConsumerWithBody') return { known: false } as const;
          throw error;
        }
      }, signal),

    async checkpoints(signal) {
      const shards = await kept.withGroup(() => status(signal), signal);
      return new Map(shards.flatMap(({ shard, cursor }) => (cursor === undefined ? [] : [[shard, cursor]])));
    },

    async commit(slot, checkpoints, signal) {
      const outcomes = new Map<string, CommitOutcome>();
      await forEachParallel([...checkpoints], COMMITS_PARALLEL_MAX, async ([shard, cursor]) => {
        outcomes.set(shard, await commitOne(slot, shard, cursor, signal));
      });
      return outcomes;
    },

    status,

    remove: (signal) => kept.remove(() => send({ method: 'DELETE', path, idempotent: true, signal })),
  };
}

interface ListedGroup {
  name: string;
  timeout: number;
  order: boolean;
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof SourceError ? error.code : undefined;

/** `updateTime` is in microseconds, whatever the text of the reference says: its example has 16 digits. */
function statusOf(response: SlsResponse): ShardStatus[] {
  return arrayOf(response).map((entry) => {
    const { shard, checkpoint, consumer, updateTime } = (entry ?? {}) as Record<string, unknown>;
    if (!isShardId(shard)) throw badResponse('a checkpoint of no shard', requestIdOf(response));
    // Taken for none, it would let the shard be read from somewhere else.
    if (typeof (checkpoint ?? '') !== 'string') {
      throw badResponse(`no checkpoint of shard ${shard}`, requestIdOf(response));
    }
    return {
      shard: String(shard),
      consumer: typeof consumer === 'string' && consumer !== '' ? consumer : undefined,
      cursor: typeof checkpoint === 'string' && checkpoint !== '' ? checkpoint : undefined,
      updatedAt:
        typeof updateTime === 'number' && updateTime > 0 ? Math.floor(updateTime / 1_000) : undefined,
    };
  });
}
