/**
 * The operations of CLS that change something, thinly: one function each, named as in the API reference
 * (cloud.tencent.com/document/product/614, "API"). Every function rejects as `Sender` says.
 */
import { deflateRawSync, zstdCompressSync } from 'node:zlib';
import { type PartitionInfo, partitionsOf } from '../../../lib/sources/cls/answers.ts';
import type { Partition } from '../../../lib/sources/cls/shardId.ts';
import { createTransport, type TransportOptions } from '../../../lib/sources/cls/transport.ts';
import { lz4Compress } from '../../service/lz4.ts';
import { encodeLogGroups, type LogGroup } from './logGroup.ts';

export type Compression = 'lz4' | 'zstd' | 'deflate';

export interface PutOptions {
  /** Hex digits: the groups go to the partition whose range holds it. Without it, to any. */
  hashKey?: string | undefined;
  /** `lz4` unless set. */
  compression?: Compression | 'none' | undefined;
  /**
   * Repeat also when nobody knows whether the groups were written: they may then be there twice. Unless set, only what was
   * certainly not written is repeated, and the caller gets the error.
   */
  duplicatesAllowed?: boolean | undefined;
}

export type ClsWriter = ReturnType<typeof createClsWriter>;

/** Throws a SettingsError for options that cannot be used; nothing is sent before the first call. */
export function createClsWriter(options: TransportOptions) {
  const transport = createTransport(options);
  const change = async (action: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal) =>
    partitionsOf(await transport.control({ action, body, idempotent: false, signal }));

  return {
    /** `groups` as plain data, or as an encoded `LogGroupList`: at most 10 groups, 6 MB encoded. */
    async putLogs(
      topic: string,
      groups: readonly LogGroup[] | Uint8Array,
      put: PutOptions,
      signal: AbortSignal,
    ): Promise<void> {
      const { hashKey, compression = 'lz4', duplicatesAllowed = false } = put;
      const raw = groups instanceof Uint8Array ? groups : encodeLogGroups(groups);
      await transport.data({
        path: '/structuredlog',
        query: { topic_id: topic },
        headers: {
          'content-type': 'application/x-protobuf',
          ...(compression !== 'none' && { 'x-cls-compress-type': compression }),
          ...(hashKey !== undefined && { 'x-cls-hashkey': hashKey }),
        },
        body: compression === 'none' ? raw : COMPRESS[compression](raw),
        idempotent: duplicatesAllowed,
        signal,
      });
    },

    /** At a key, or into equal parts. Answers with the partitions involved. */
    splitPartition: (
      { topic, partition }: Partition,
      by: { key: string } | { count: number },
      signal: AbortSignal,
    ): Promise<PartitionInfo[]> => {
      const how = 'key' in by ? { SplitKey: by.key, Number: 2 } : { Number: by.count };
      return change('SplitPartition', { TopicId: topic, PartitionId: partition, ...how }, signal);
    },

    /** With the neighbour whose range follows. Answers with the partitions involved. */
    mergePartition: ({ topic, partition }: Partition, signal: AbortSignal): Promise<PartitionInfo[]> =>
      change('MergePartition', { TopicId: topic, PartitionId: partition }, signal),
  };
}

/** deflate has no wrapper, as in the SDKs. */
const COMPRESS: Readonly<Record<Compression, (raw: Uint8Array) => Uint8Array>> = {
  lz4: lz4Compress,
  zstd: zstdCompressSync,
  deflate: deflateRawSync,
};
