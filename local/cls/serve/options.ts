import { parseOptions, wholeNumber } from '../../../lib/config/commandLine.ts';
import { SettingsError } from '../../../lib/errors.ts';
import { type Nesting, readNested } from '../../service/serve/nested.ts';
import {
  readServeOptions,
  SERVE_OPTIONS,
  type ServeOptions,
  serveHelp,
} from '../../service/serve/options.ts';
import type { HandOver } from '../group/balance.ts';
import { FAULT_VOCABULARY } from '../routes.ts';
import { FOREVER_DAYS, RETENTION_DAYS_MAX } from '../state/topic.ts';

export interface ServeClsOptions extends ServeOptions {
  topics: readonly WantedTopic[];
  /** Ids of logsets that are to be there, with or without topics. */
  logsets: readonly string[];
  handOver: HandOver;
  fencedCommits: boolean;
  firstOffset: bigint;
}

export interface WantedTopic {
  readonly logset: string;
  readonly id: string;
  partitions: number;
  retentionDays: number;
}

const PARTITIONS_MAX = 50;
const PARTITIONS = 2;
const RETENTION_DAYS = 30;
const HAND_OVERS: readonly HandOver[] = ['cooperative', 'immediate'];
/** An offset is a signed integer of 64 bits; half of them are left for what is put. */
const FIRST_OFFSET_MAX = 2n ** 62n;

const OPTIONS = {
  ...SERVE_OPTIONS,
  logset: { type: 'string', multiple: true, default: [] as string[] },
  topic: { type: 'string', multiple: true },
  partitions: { type: 'string', multiple: true },
  retention: { type: 'string', multiple: true },
  'hand-over': { type: 'string', default: 'cooperative' },
  'fenced-commits': { type: 'boolean', default: false },
  'first-offset': { type: 'string', default: '0' },
} as const;

export const SERVE_CLS_HELP = serveHelp({
  intro: `shardbeat serve cls: Tencent Cloud CLS on this machine

Logsets, topics, partitions, uploads, pulls and consumer groups over CLS's own protocols, for this library and for the
official Python SDK. Listens on 127.0.0.1 only, until Ctrl-C.

  shardbeat serve cls [options]
`,
  own: `  --logset ID              make this logset, unless it is there; an id looks like a UUID in lower case; may be repeated
  --topic ID               make this topic in the logset named before it, unless it is there; may be repeated
  --partitions N           with so many partitions, 1 to ${PARTITIONS_MAX}; after its --topic (${PARTITIONS})
  --retention DAYS         which keeps messages for so many days, 1 to ${RETENTION_DAYS_MAX}, or ${FOREVER_DAYS}, which is forever;
                           after its --topic (${RETENTION_DAYS})
  --hand-over HOW          cooperative: a partition goes to another consumer once its holder's heartbeat no longer
                           names it; immediate: at once (cooperative; the live service does not say)
  --fenced-commits         refuse offsets that a consumer commits for a partition that it does not hold
  --first-offset N         offset of the first message of a partition (0); beyond 2^53 for clients that round`,
  quotas: 'the documented quotas of actions and partitions',
  vocabulary: FAULT_VOCABULARY,
});

const TOPICS: Nesting<WantedTopic> = {
  parent: 'logset',
  child: 'topic',
  create: (logset, id) => ({ logset, id, partitions: PARTITIONS, retentionDays: RETENTION_DAYS }),
  settings: {
    partitions: (topic, value) => {
      topic.partitions = wholeNumber('--partitions', value, 1, PARTITIONS_MAX);
    },
    retention: (topic, value) => {
      topic.retentionDays =
        value === String(FOREVER_DAYS)
          ? FOREVER_DAYS
          : wholeNumber('--retention', value, 1, RETENTION_DAYS_MAX);
    },
  },
};

/**
 * Reads the options of `shardbeat serve cls`.
 *
 * @returns 'help' if that is what was asked for
 * @throws SettingsError naming the option and the remedy
 */
export function parseServeClsOptions(args: readonly string[]): ServeClsOptions | 'help' {
  const { values, tokens } = parseOptions(args, OPTIONS, 'options start with --');
  if (values.help) return 'help';
  return {
    ...readServeOptions(values, FAULT_VOCABULARY),
    topics: readNested(tokens, TOPICS),
    logsets: [...new Set(values.logset)],
    handOver: handOverOf(values['hand-over']),
    fencedCommits: values['fenced-commits'],
    firstOffset: offsetOf(values['first-offset']),
  };
}

function handOverOf(text: string): HandOver {
  const found = HAND_OVERS.find((handOver) => handOver === text);
  if (found) return found;
  throw new SettingsError('--hand-over', text, `write ${HAND_OVERS.join(' or ')}`);
}

function offsetOf(text: string): bigint {
  if (/^\d{1,19}$/.test(text) && BigInt(text) <= FIRST_OFFSET_MAX) return BigInt(text);
  throw new SettingsError('--first-offset', text, `write a whole number from 0 to ${FIRST_OFFSET_MAX}`);
}
