import { parseOptions, wholeNumber } from '../../../lib/config/commandLine.ts';
import { SettingsError } from '../../../lib/errors.ts';
import type { Account } from '../../service/account.ts';
import {
  type FaultRule,
  type LatencyRule,
  parseFaultRule,
  parseLatencyRule,
  parseSeed,
} from '../../service/faultPlan.ts';
import { FAULT_VOCABULARY } from '../routes.ts';
import { TTL_DAYS_MAX } from '../state/logstore.ts';

export interface ServeSlsOptions {
  /** 0: any free one. */
  port: number;
  data: string | undefined;
  account: Account;
  /** Whether the account is the one that everybody gets who names none. */
  isDefaultAccount: boolean;
  logstores: readonly WantedLogstore[];
  /** Projects that are to be there, with or without logstores. */
  projects: readonly string[];
  quotas: boolean;
  faults: readonly FaultRule[];
  latencies: readonly LatencyRule[];
  /** Undefined: any. */
  seed: number | undefined;
}

export interface WantedLogstore {
  readonly project: string;
  readonly name: string;
  shards: number;
  ttlDays: number;
}

const PORT_MAX = 65_535;
const SHARDS_MAX = 100;
const SHARDS = 2;
const TTL_DAYS = 30;
const DEFAULT_ACCOUNT: Account = { accessKeyId: 'local', accessKeySecret: 'local-secret' };

const OPTIONS = {
  port: { type: 'string', default: '0' },
  data: { type: 'string' },
  'access-key-id': { type: 'string' },
  'access-key-secret': { type: 'string' },
  project: { type: 'string', multiple: true, default: [] as string[] },
  logstore: { type: 'string', multiple: true },
  shards: { type: 'string', multiple: true },
  ttl: { type: 'string', multiple: true },
  quotas: { type: 'boolean', default: false },
  fault: { type: 'string', multiple: true, default: [] as string[] },
  latency: { type: 'string', multiple: true, default: [] as string[] },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export const SERVE_SLS_HELP = `shardbeat serve sls: Alibaba Cloud SLS on this machine

Projects, logstores, shards, puts, pulls, cursors and consumer groups over SLS's own protocol, for this library and for
official SDKs. Listens on 127.0.0.1 only, until Ctrl-C.

  shardbeat serve sls [options]

  --port P                 where to listen (any free port)
  --data DIR               keep everything in this directory, made if there is none; one process at a time
                           (without it: in memory)
  --access-key-id ID       who may sign requests (${DEFAULT_ACCOUNT.accessKeyId})
  --access-key-secret S    and with what (${DEFAULT_ACCOUNT.accessKeySecret})
  --project NAME           make this project, unless it is there; may be repeated
  --logstore NAME          make this logstore in the project named before it, unless it is there; may be repeated
  --shards N               with so many shards, 1 to ${SHARDS_MAX}; after its --logstore (${SHARDS})
  --ttl DAYS               which keeps log groups for so many days, 1 to ${TTL_DAYS_MAX}, which is forever; after its
                           --logstore (${TTL_DAYS})
  --quotas                 refuse what is beyond the documented quotas of shards, logstores and projects
  --fault OPERATION:STATUS:CODE:PROBABILITY
                           refuse some requests, such as PullLogs:403:ShardReadQuotaExceed:0.1; * is any operation; may be
                           repeated
  --latency OPERATION:D    answer later, such as PullLogs:200ms; may be repeated
  --seed N                 the same faults for the same requests (any)
  -h, --help               this text

Exit code: 0 stopped; 1 it failed; 2 an option cannot be used.
`;

/**
 * Reads the options of `shardbeat serve sls`.
 *
 * @returns 'help' if that is what was asked for
 * @throws SettingsError naming the option and the remedy
 */
export function parseServeSlsOptions(args: readonly string[]): ServeSlsOptions | 'help' {
  const { values, tokens } = parseOptions(args, OPTIONS, 'options start with --');
  if (values.help) return 'help';
  if (values.data === '') throw new SettingsError('--data', '', 'name a directory');
  const named = tokens.flatMap((token) =>
    token.kind === 'option' ? [{ option: token.name, value: token.value ?? '' }] : [],
  );
  return {
    port: wholeNumber('--port', values.port, 0, PORT_MAX),
    data: values.data,
    ...accountOf(values['access-key-id'], values['access-key-secret']),
    logstores: logstoresOf(named),
    projects: [...new Set(values.project)],
    quotas: values.quotas,
    faults: values.fault.map((text) => parseFaultRule('--fault', text, FAULT_VOCABULARY)),
    latencies: values.latency.map((text) => parseLatencyRule('--latency', text, FAULT_VOCABULARY)),
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
    throw new SettingsError('--access-key-id', id, 'write letters, digits, dots, dashes and underscores');
  }
  if (secret === '') throw new SettingsError('--access-key-secret', '', 'it is empty');
  return { account: { accessKeyId: id, accessKeySecret: secret }, isDefaultAccount: false };
}

/** Of options in the order in which they were written: a logstore is in the project before it, and so on. */
function logstoresOf(named: readonly { option: string; value: string }[]): WantedLogstore[] {
  const logstores: WantedLogstore[] = [];
  let project: string | undefined;
  for (const { option, value } of named) {
    const logstore = logstores.at(-1);
    const needsLogstore = (): WantedLogstore => {
      if (logstore && logstore.project === project) return logstore;
      throw new SettingsError(`--${option}`, value, 'name the logstore that it is for before it');
    };
    if (option === 'project') project = value;
    if (option === 'shards') needsLogstore().shards = wholeNumber('--shards', value, 1, SHARDS_MAX);
    if (option === 'ttl') needsLogstore().ttlDays = wholeNumber('--ttl', value, 1, TTL_DAYS_MAX);
    if (option !== 'logstore') continue;
    if (project === undefined) {
      throw new SettingsError('--logstore', value, 'name the project that it is in before it');
    }
    if (logstores.some((other) => other.project === project && other.name === value)) {
      throw new SettingsError('--logstore', value, `it is named twice in project ${project}`);
    }
    logstores.push({ project, name: value, shards: SHARDS, ttlDays: TTL_DAYS });
  }
  return logstores;
}
