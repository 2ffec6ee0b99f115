import { HELP_OPTION } from '../../../lib/commandLine/command.ts';
import { parseOptions, wholeNumber } from '../../../lib/commandLine/parse.ts';
import { SettingsError } from '../../../lib/errors.ts';
import { type Nesting, readNested } from '../../service/serve/nested.ts';
import {
  readServeOptions,
  SERVE_OPTIONS,
  type ServeOptions,
  serveText,
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
  logset: {
    type: 'string',
    multiple: true,
    default: [] as string[],
    value: 'ID',
    help: 'make this logset, unless it is there; an id looks like a UUID in lower case; may be repeated',
  },
  topic: {
    type: 'string',
    multiple: true,
    value: 'ID',
    help: 'make this topic in the logset named before it, unless it is there; may be repeated',
  },
  partitions: {
    type: 'string',
    multiple: true,
    value: 'N',
    help: `with so many partitions, 1 to ${PARTITIONS_MAX}; after its --topic (${PARTITIONS})`,
  },
  retention: {
    type: 'string',
    multiple: true,
    value: 'DAYS',
    help: `which keeps messages for so many days, 1 to ${RETENTION_DAYS_MAX}, or ${FOREVER_DAYS}, which is forever; after its --topic (${RETENTION_DAYS})`,
  },
  'hand-over': {
    type: 'string',
    default: 'cooperative',
    value: 'HOW',
    choices: HAND_OVERS,
    help: "cooperative: a partition goes to another consumer once its holder's heartbeat no longer names it; immediate: at once (cooperative; the live service does not say)",
  },
  'fenced-commits': {
    type: 'boolean',
    default: false,
    help: 'refuse offsets that a consumer commits for a partition that it does not hold',
  },
  'first-offset': {
    type: 'string',
    default: '0',
    value: 'N',
    help: 'offset of the first message of a partition (0); beyond 2^53 for clients that round',
  },
} as const;

/** All that is said of `shardbeat serve cls`. */
export const SERVE_CLS_TEXT = serveText({
  name: 'serve cls',
  summary: 'runs Tencent Cloud CLS on this machine',
  about:
    "Logsets, topics, partitions, uploads, pulls and consumer groups over CLS's own protocols, for this library and for the official Python SDK. Listens on 127.0.0.1 only, until Ctrl-C.",
  options: OPTIONS,
  examples: [
    [
      'npx shardbeat serve cls --logset 11111111-1111-4111-8111-111111111111 --topic 22222222-2222-4222-8222-222222222222',
      'one topic, in memory',
    ],
  ],
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
  const { values, tokens } = parseOptions(
    args,
    { ...SERVE_OPTIONS, ...OPTIONS, help: HELP_OPTION },
    'options start with --',
  );
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
