/** Answers to pulls, made beforehand: what is measured is who reads them, not who makes them. */
import zlib from 'node:zlib';
import snappy from 'snappyjs';
import { encodeLogGroup as encodeClsGroup } from '../../local/clients/cls/logGroup.ts';
import { encodeLogGroup, encodeLogGroupList } from '../../local/clients/sls/logGroup.ts';
import { frameOf } from '../../local/cls/frame.ts';
import { lz4Compress } from '../../local/service/lz4.ts';
import type { DataSet } from './data.ts';

export type Codec = 'lz4' | 'zstd' | 'snappy';

export interface PreparedAnswer {
  /** As it is sent; `next`: the position that it leads to. */
  body(next: bigint): Uint8Array;
  /** Before compression; of CLS, of the log groups before base64. */
  readonly rawBytes: number;
  readonly records: number;
  /** In the two fields of all records: whoever reads them has to come to the same sum. */
  readonly characters: number;
}

/** Log groups in each answer. */
export const GROUPS = 64;
const SLS_GROUP_BYTES = 128 * 1024;
/** Of a pull of 2 MiB, which is JSON of base64. */
const CLS_GROUP_BYTES = 24 * 1024;
/** So many different ones come again and again. */
const DIFFERENT = 8;
const TIME_MS = 1_767_225_600_000;

export function prepareSls(data: DataSet, codec: 'lz4' | 'zstd'): PreparedAnswer[] {
  return prepare(data, { groupBytes: SLS_GROUP_BYTES, encode: encodeLogGroup }, (groups) => {
    const raw = encodeLogGroupList(groups);
    const body = codec === 'lz4' ? lz4Compress(raw) : zlib.zstdCompressSync(raw);
    return { rawBytes: raw.length, body: () => body };
  });
}

export function prepareCls(data: DataSet, ids: { logsetId: string; topicId: string }): PreparedAnswer[] {
  const frame = { ...ids, receivedAtSec: TIME_MS / 1000 };
  return prepare(data, { groupBytes: CLS_GROUP_BYTES, encode: encodeClsGroup }, (groups) => {
    const messages = JSON.stringify(groups.map((group) => frameOf(group, frame).toString('base64')));
    const rawBytes = groups.reduce((sum, group) => sum + group.length, 0);
    return { rawBytes, body: (next) => clsBody(messages, next) };
  });
}

/** As `PullLogs` of CLS answers. `messages`: JSON. */
export const clsBody = (messages: string, next: bigint): Uint8Array =>
  snappy.compress(Buffer.from(`{"Response":{"NextOffset":${next},"Message":${messages},"RequestId":"1"}}`));

type Group = Parameters<typeof encodeLogGroup>[0] & Parameters<typeof encodeClsGroup>[0];

function prepare(
  { record, fields }: DataSet,
  { groupBytes, encode }: { groupBytes: number; encode: (group: Group) => Uint8Array },
  pack: (groups: Uint8Array[]) => Pick<PreparedAnswer, 'rawBytes' | 'body'>,
): PreparedAnswer[] {
  let i = 0;
  return Array.from({ length: DIFFERENT }, () => {
    let records = 0;
    let characters = 0;
    const groups = Array.from({ length: GROUPS }, () => {
      const logs = [];
      for (let bytes = 0; bytes < groupBytes; i++) {
        const written = record(i);
        logs.push({ timeMs: TIME_MS + i * 1_000, fields: written });
        for (const name in written) bytes += Buffer.byteLength(written[name]!) + name.length + 6;
        for (const name of fields) characters += written[name]!.length;
      }
      records += logs.length;
      return encode({ source: '10.0.0.1', tags: { region: 'eu' }, logs });
    });
    return { ...pack(groups), records, characters };
  });
}
