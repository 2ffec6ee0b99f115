import { crc32 } from 'node:zlib';
import type { Input } from './inputs.ts';
import { CONTENT_FIELD, LINE_FIELD, type RunRecord } from './record.ts';

export interface ProducerOptions {
  inputs: readonly Input[];
  /** How many shards there are to fill in turn. */
  shards: number;
  /** Appends the records to the shard with this index. Calls for one shard do not overlap. */
  put(shardIndex: number, records: readonly RunRecord[]): Promise<void>;
  /** A line is about to be put; lines count from 1, over all inputs. */
  onLine(line: number, checksum: number): void;
  /** Resolves when the line may be put; at once unless set. */
  due?: ((line: number) => Promise<void>) | undefined;
  now(): number;
  signal: AbortSignal;
}

/** With one line more, far below the 5 MB that SLS and CLS take in one request; smaller groups come out sooner. */
const GROUP_BYTES_MAX = 1024 * 1024;
const GROUP_RECORDS_MAX = 500;

/**
 * Puts every line of the inputs into the stream, as one record each: in groups, round-robin over the shards, so that the
 * lines of one shard keep their order. Holds what was read at once, and one group per shard on its way.
 *
 * @returns how many lines there were
 * @throws SettingsError for a line that is too long, the signal's reason when it aborts, and whatever `put` throws
 */
export async function produce(options: ProducerOptions): Promise<number> {
  const { put, signal } = options;
  const onTheirWay: Promise<void>[] = Array.from({ length: options.shards }, () => Promise.resolve());
  let groups = 0;
  let line = 0;

  const send = async (records: readonly RunRecord[]): Promise<void> => {
    const shard = groups % options.shards;
    groups += 1;
    await onTheirWay[shard];
    signal.throwIfAborted();
    const sent = put(shard, records);
    // Whoever awaits it next is told of a failure; until then it is nobody's.
    sent.catch(() => {});
    onTheirWay[shard] = sent;
  };

  for (const input of options.inputs) {
    for await (const lines of input.read(signal)) {
      for (const group of groupLines(lines, options.shards)) {
        await options.due?.(line + 1);
        const timeMs = options.now();
        const records = group.map((content): RunRecord => {
          line += 1;
          options.onLine(line, crc32(content));
          return { timeMs, fields: { [LINE_FIELD]: String(line), [CONTENT_FIELD]: content } };
        });
        await send(records);
      }
    }
  }
  await Promise.all(onTheirWay);
  return line;
}

/**
 * Divides what was read at once evenly, so that a short input, too, comes to every shard. Nothing waits for more lines to
 * fill a group: a slow input would never see its lines arrive.
 */
function* groupLines(lines: readonly Uint8Array[], shards: number): Generator<Uint8Array[]> {
  const recordsMax = Math.min(GROUP_RECORDS_MAX, Math.ceil(lines.length / shards));
  let group: Uint8Array[] = [];
  let bytes = 0;
  for (const content of lines) {
    if (group.length > 0 && (group.length === recordsMax || bytes + content.length > GROUP_BYTES_MAX)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(content);
    bytes += content.length;
  }
  if (group.length > 0) yield group;
}
