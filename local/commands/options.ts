import { randomInt } from 'node:crypto';
import { type CommandText, HELP_OPTION } from '../../lib/commandLine/command.ts';
import { parseOptions, portNumber, wholeNumber } from '../../lib/commandLine/parse.ts';
import { functionTimeoutOf, readLinger } from '../../lib/config/linger.ts';
import { MODULE_REMEDY } from '../../lib/delivery/exported.ts';
import { parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import { deriveTimes } from '../../lib/times.ts';
import type { LocalRunOptions } from '../run/run.ts';
import { SOURCES, type SourceName } from '../run/services/service.ts';
import { parseSeed } from '../service/faultPlan.ts';

export interface LocalOptions extends LocalRunOptions {
  /** The last line of stdout is the summary as JSON; everything else goes to stderr. */
  json: boolean;
}

const SHARDS_MAX = 64;
/** Each is a process of its own. */
const CONSUMERS_MAX = 32;

const OPTIONS = {
  input: {
    type: 'string',
    multiple: true,
    default: [] as string[],
    value: 'FILE',
    help: 'put the lines of this file into the stream, one record a line; may be repeated; - is stdin (without it: a generated access log)',
  },
  source: {
    type: 'string',
    default: 'sls',
    value: 'NAME',
    choices: SOURCES,
    help: 'which log service: sls (Alibaba Cloud SLS), cls (Tencent Cloud CLS) (sls)',
  },
  shards: {
    type: 'string',
    default: '4',
    value: 'N',
    help: `shards of the stream, 1 to ${SHARDS_MAX} (4); of CLS: partitions, divided over two topics`,
  },
  consumers: {
    type: 'string',
    default: '2',
    value: 'N',
    help: `consumers of the group, 1 to ${CONSUMERS_MAX} (2)`,
  },
  interval: {
    type: 'string',
    default: '2s',
    value: 'D',
    help: 'how often each consumer is started, from 500ms (2s)',
  },
  linger: {
    type: 'string',
    default: 'off',
    value: 'D',
    help: 'until when a tick goes on polling once it has read all up: off, a duration from 1s, or max (off)',
  },
  once: {
    type: 'boolean',
    help: 'end when everything is processed or a dead letter; always so when stdout is no terminal',
  },
  json: {
    type: 'boolean',
    default: false,
    help: 'print the summary as JSON, as the last line of stdout; progress goes to stderr',
  },
  chaos: {
    type: 'boolean',
    default: false,
    help: 'have go wrong what goes wrong on Lambda: ticks that come late, twice or never, sandboxes that are frozen, killed or new, connections that die',
  },
  seed: {
    type: 'string',
    value: 'N',
    help: 'with --chaos: the same faults again (a new seed)',
  },
  module: {
    type: 'string',
    value: 'FILE',
    help: "a module (.ts, .js, .mjs, .cjs) that exports your own eachBatch(batch, context) or eachRecord(record, context) (without it: records and bytes are counted); as on Lambda it sees none of this shell's variables but PATH and TMPDIR",
  },
  'sls-port': {
    type: 'string',
    value: 'P',
    help: 'port of the log service with --source sls (any free one)',
  },
  'cls-port': {
    type: 'string',
    value: 'P',
    help: 'port of the log service with --source cls (any free one)',
  },
  'no-page': { type: 'boolean', default: false, help: 'serve no page' },
  'page-port': {
    type: 'string',
    value: 'P',
    help: 'port of the page that shows the run (any free one; with --once there is a page only if this is given)',
  },
  'dynamodb-port': { type: 'string', default: '0', value: 'P', help: 'port of DynamoDB (any free one)' },
} as const;

/** All that is said of `shardbeat local`. */
export const LOCAL_TEXT: CommandText = {
  name: 'local',
  summary: 'runs a stream and its consumer group on this machine',
  about: `Puts a file's lines into a local log service and lets scheduled functions consume them: heartbeat, claim shards, pull, process, checkpoint to DynamoDB. The functions are bundled as they are deployed, each consumer in a process of its own; the services are local, in memory, and listen on 127.0.0.1 only. At the end it says what went in and what came out.`,
  options: OPTIONS,
  examples: [
    ['npx shardbeat local --module src/orders.ts --input orders.log', 'your function, your lines'],
    ['npx shardbeat local --source cls --once --json', 'on CLS, for a script'],
    ['npx shardbeat local --chaos --seed 7', 'on a bad day, the same one each time'],
  ],
  exitCodes: {
    0: 'everything came out, in order, or is a dead letter',
    1: 'something was lost or out of order, the run failed, or nothing was processed or given up for 50 intervals',
    2: 'an option or an input cannot be used',
    130: 'stopped by Ctrl-C before everything was consumed',
  },
};

/**
 * Reads the options of `shardbeat local`.
 *
 * @returns 'help' if that is what was asked for
 * @throws SettingsError naming the option and the remedy
 */
export function parseLocalOptions(args: readonly string[], stdoutIsTerminal: boolean): LocalOptions | 'help' {
  const { values } = parseOptions(args, { ...OPTIONS, help: HELP_OPTION }, 'name files with --input');
  if (values.help) return 'help';
  const source = readSource(values.source);
  if (values.module === '') throw new SettingsError('--module', '', MODULE_REMEDY);
  const intervalMs = parseDuration('--interval', values.interval);
  const times = deriveTimes(intervalMs, functionTimeoutOf(values.linger, intervalMs), {
    interval: '--interval',
  });
  readLinger(values.linger, times, '--linger');
  const once = values.once ?? !stdoutIsTerminal;
  return {
    inputs: values.input,
    source,
    shards: wholeNumber('--shards', values.shards, 1, SHARDS_MAX),
    consumers: wholeNumber('--consumers', values.consumers, 1, CONSUMERS_MAX),
    intervalMs,
    linger: values.linger,
    once,
    pagePort: readPagePort(values, once),
    json: values.json,
    chaosSeed: readSeed(values),
    module: values.module,
    logsPort: readLogsPort(source, values),
    dynamodbPort: portNumber('--dynamodb-port', values['dynamodb-port']),
  };
}

function readSource(text: string): SourceName {
  const source = SOURCES.find((name) => name === text);
  if (source !== undefined) return source;
  throw new SettingsError('--source', text, `the sources are: ${SOURCES.join(', ')}`);
}

function readSeed({ chaos, seed }: { chaos: boolean; seed?: string }): number | undefined {
  if (!chaos && seed !== undefined)
    throw new SettingsError('--seed', seed, 'give --chaos, or leave this out');
  if (!chaos) return undefined;
  return seed === undefined ? randomInt(2 ** 32) : parseSeed('--seed', seed);
}

/** Each service has an option of its own for its port, and a run has one service. */
function readLogsPort(
  source: SourceName,
  values: Readonly<Partial<Record<`${SourceName}-port`, string>>>,
): number {
  const useless = SOURCES.find((name) => name !== source && values[`${name}-port`] !== undefined);
  if (useless !== undefined) {
    const option = `--${useless}-port`;
    const remedy = `this run is on ${source}: give --source ${useless}, or --${source}-port instead`;
    throw new SettingsError(option, values[`${useless}-port`], remedy);
  }
  return portNumber(`--${source}-port`, values[`${source}-port`] ?? '0');
}

/** Nobody looks at a run that a script waits for. */
function readPagePort(
  { 'no-page': noPage, 'page-port': port }: { 'no-page': boolean; 'page-port'?: string },
  once: boolean,
): number | undefined {
  if (noPage && port !== undefined)
    throw new SettingsError('--page-port', port, 'leave out --no-page, or this');
  if (port !== undefined) return portNumber('--page-port', port);
  return noPage || once ? undefined : 0;
}
