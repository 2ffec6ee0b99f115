/** Records as the drivers decode them: made anew by each iteration. One log group holds two of them. */
import { decodeMessages } from '../../lib/sources/cls/frame.ts';
import type { Origin } from '../../lib/sources/logs/logRecord.ts';
import { decodeLogGroupList } from '../../lib/sources/sls/logGroupList.ts';
import type { LogRecord } from '../../lib/sources/source.ts';
import { encodeLogGroup, encodeLogGroupList } from '../../local/clients/sls/logGroup.ts';
import { messageOf } from '../sources/cls/support.ts';

/** Where an answer begins in its shard; undefined: nobody knows, as where the service filters, and no record has an id. */
const ORIGIN: Origin = { shard: '0', position: 7n };

export function slsAnswer(
  lines: readonly string[],
  { origin }: { origin: Origin | undefined } = { origin: ORIGIN },
): Iterable<LogRecord> {
  const groups = pairsOf(lines).map((pair) =>
    encodeLogGroup({ logs: pair.map((line) => ({ timeMs: 1_763_700_000_000, fields: { line } })) }),
  );
  return decodeLogGroupList(encodeLogGroupList(groups), undefined, origin).records;
}

export function clsAnswer(lines: readonly string[]): Iterable<LogRecord> {
  const messages = pairsOf(lines).map((pair) => messageOf(...pair));
  return decodeMessages(messages, 'topic', undefined, ORIGIN).records;
}

const pairsOf = (lines: readonly string[]): string[][] =>
  lines.flatMap((line, index) => (index % 2 === 0 ? [[line, ...lines.slice(index + 1, index + 2)]] : []));
