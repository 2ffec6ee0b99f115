import type { CommandText, Options } from '../../../lib/commandLine/command.ts';
import { type parseOptions, portNumber } from '../../../lib/commandLine/parse.ts';
import { SettingsError } from '../../../lib/errors.ts';
import { PRINTABLE } from '../../../lib/http/credentials.ts';
import type { Account } from '../account.ts';
import {
  type FaultRule,
  type FaultVocabulary,
  type LatencyRule,
  parseFaultRule,
  parseLatencyRule,
  parseSeed,
} from '../faultPlan.ts';

/** What `shardbeat serve` can be told about any service. */
export interface ServeOptions {
  /** 0: any free one. */
  port: number;
  data: string | undefined;
  account: Account;
  /** Whether the account is the one that everybody gets who names none. */
  isDefaultAccount: boolean;
  quotas: boolean;
  faults: readonly FaultRule[];
  latencies: readonly LatencyRule[];
  /** Undefined: any. */
  seed: number | undefined;
}

const DEFAULT_ACCOUNT: Account = { accessKeyId: 'local', accessKeySecret: 'local-secret' };

/** Of every service; how a fault is written is said by the service. */
export const SERVE_OPTIONS = {
  port: { type: 'string', default: '0', value: 'P', help: 'where to listen (any free port)' },
  data: {
    type: 'string',
    value: 'DIR',
    help: 'keep everything in this directory, made if there is none; one process at a time (without it: in memory)',
  },
  'access-key-id': {
    type: 'string',
    value: 'ID',
    help: `who may sign requests (${DEFAULT_ACCOUNT.accessKeyId})`,
  },
  'access-key-secret': {
    type: 'string',
    value: 'S',
    help: `and with what (${DEFAULT_ACCOUNT.accessKeySecret})`,
  },
  quotas: { type: 'boolean', default: false, help: 'refuse what is beyond the documented quotas' },
  fault: {
    type: 'string',
    multiple: true,
    default: [] as string[],
    value: 'OPERATION:STATUS:CODE:PROBABILITY',
    help: 'refuse some requests; * is any operation; may be repeated',
  },
  latency: {
    type: 'string',
    multiple: true,
    default: [] as string[],
    value: 'OPERATION:D',
    help: 'answer later; may be repeated',
  },
  seed: { type: 'string', value: 'N', help: 'the same faults for the same requests (any)' },
} as const;

type Parsed = ReturnType<typeof parseOptions<typeof SERVE_OPTIONS>>;

/** Throws a SettingsError that names the option and the remedy. */
export function readServeOptions(values: Parsed['values'], vocabulary: FaultVocabulary): ServeOptions {
  if (values.data === '') throw new SettingsError('--data', '', 'name a directory');
  return {
    port: portNumber('--port', values.port),
    data: values.data,
    ...accountOf(values['access-key-id'], values['access-key-secret']),
    quotas: values.quotas,
    faults: values.fault.map((text) => parseFaultRule('--fault', text, vocabulary)),
    latencies: values.latency.map((text) => parseLatencyRule('--latency', text, vocabulary)),
    seed: values.seed === undefined ? undefined : parseSeed('--seed', values.seed),
  };
}

/** Both or neither; no secret gets into a message. */
function accountOf(id: string | undefined, secret: string | undefined) {
  if (id === undefined && secret === undefined) return { account: DEFAULT_ACCOUNT, isDefaultAccount: true };
  if (id === undefined) throw new SettingsError('--access-key-id', id, 'name it with --access-key-secret');
  if (secret === undefined) {
    throw new SettingsError('--access-key-secret', secret, 'name it with --access-key-id');
  }
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(id)) {
    // The two are easily taken for each other.
    throw new SettingsError(
      '--access-key-id',
      '(hidden)',
      'write letters, digits, dots, dashes and underscores',
    );
  }
  if (secret === '') throw new SettingsError('--access-key-secret', '', 'it is empty');
  if (!PRINTABLE.test(secret)) {
    const remedy = 'copy it again: it has white space or a character that is no printable ASCII';
    throw new SettingsError('--access-key-secret', secret, remedy);
  }
  return { account: { accessKeyId: id, accessKeySecret: secret }, isDefaultAccount: false };
}

/** All that is said of a service: what it is, its own options, and those of all services. */
export function serveText(service: {
  readonly name: string;
  readonly summary: string;
  readonly about: string;
  readonly options: Options;
  readonly examples: CommandText['examples'];
  /** What `--quotas` refuses. */
  readonly quotas: string;
  readonly vocabulary: FaultVocabulary;
}): CommandText {
  const { quotas, vocabulary, options, ...text } = service;
  const { example } = vocabulary;
  const [operation] = example.split(':');
  const { fault, latency } = SERVE_OPTIONS;
  return {
    ...text,
    options: {
      ...SERVE_OPTIONS,
      ...options,
      quotas: { ...SERVE_OPTIONS.quotas, help: `refuse what is beyond ${quotas}` },
      fault: {
        ...fault,
        help: `refuse some requests, such as ${example}:0.1; * is any operation; may be repeated`,
      },
      latency: { ...latency, help: `answer later, such as ${operation}:200ms; may be repeated` },
    },
    exitCodes: { 0: 'stopped', 1: 'it failed', 2: 'an option cannot be used' },
  };
}
