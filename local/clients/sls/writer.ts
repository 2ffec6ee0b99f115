/**
 * The operations of SLS that change something, thinly: one function each, named as in the API reference
 * (alibabacloud.com/help/sls, "List of operations by function"). Every function rejects as `Transport` says.
 */
import { Buffer } from 'node:buffer';
import { type ShardInfo, shardsOf } from '../../../lib/sources/sls/answers.ts';
import { percentEncode } from '../../../lib/sources/sls/signature.ts';
import { createTransport, type TransportOptions } from '../../../lib/sources/sls/transport.ts';
import { type Compression, compress } from '../../sls/codec.ts';
import { encodeLogGroup, type LogGroup } from './logGroup.ts';

export interface WriterOptions extends TransportOptions {
  logstore: string;
  /** Of put logs, unless a call says otherwise. `zstd` unless set. */
  compression?: Compression | undefined;
}

export interface PutOptions {
  /** 32 hex digits: the group goes to the shard whose range holds it. Without it, to any shard. */
  hashKey?: string;
  compression?: Compression | 'none';
  /**
   * Repeat also when nobody knows whether the group was written: it may then be there twice. Unless set, only what was
   * certainly not written is repeated, and the caller gets the error.
   */
  duplicatesAllowed?: boolean;
}

export type SlsWriter = ReturnType<typeof createSlsWriter>;

/** Throws a SettingsError for options that cannot be used; nothing is sent before the first call. */
export function createSlsWriter(options: WriterOptions) {
  const { project, logstore, compression = 'zstd' } = options;
  const transport = createTransport(options);
  const path = `/logstores/${percentEncode(logstore)}`;
  const postJson = async (path: string, value: object, signal: AbortSignal): Promise<void> => {
    const body = Buffer.from(JSON.stringify(value));
    await transport({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body, signal });
  };
  const changeShard = async (shard: string, query: Record<string, string>, signal: AbortSignal) =>
    shardsOf(
      await transport({ method: 'POST', path: `${path}/shards/${percentEncode(shard)}`, query, signal }),
    );

  return {
    /** `group` as plain data, or encoded. At most 10 MB encoded, each value at most 1 MB. */
    async putLogs(group: LogGroup | Uint8Array, put: PutOptions, signal: AbortSignal): Promise<void> {
      const raw = group instanceof Uint8Array ? group : encodeLogGroup(group);
      const { hashKey, duplicatesAllowed = false, compression: type = compression } = put;
      const headers = { 'content-type': 'application/x-protobuf', 'x-log-bodyrawsize': String(raw.length) };
      await transport({
        method: 'POST',
        path: `${path}/shards/${hashKey === undefined ? 'lb' : 'route'}`,
        query: hashKey === undefined ? {} : { key: hashKey },
        headers: type === 'none' ? headers : { ...headers, 'x-log-compresstype': type },
        body: type === 'none' ? raw : compress(raw, type),
        idempotent: duplicatesAllowed,
        signal,
      });
    },

    /** Splits at `key`, 32 hex digits inside the shard's range. Answers with the shards involved. */
    splitShard: (shard: string, key: string, signal: AbortSignal): Promise<ShardInfo[]> =>
      changeShard(shard, { action: 'split', key }, signal),

    /** Merges with the right neighbour. Answers with the shards involved. */
    mergeShards: (shard: string, signal: AbortSignal): Promise<ShardInfo[]> =>
      changeShard(shard, { action: 'merge' }, signal),

    createLogStore: (settings: { ttlDays: number; shardCount: number }, signal: AbortSignal): Promise<void> =>
      postJson(
        '/logstores',
        { logstoreName: logstore, ttl: settings.ttlDays, shardCount: settings.shardCount },
        signal,
      ),

    createProject: (description: string, signal: AbortSignal): Promise<void> =>
      postJson('/', { projectName: project, description }, signal),
  };
}
