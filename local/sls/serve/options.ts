import { parseOptions, wholeNumber } from '../../../lib/config/commandLine.ts';
import { type Nesting, readNested } from '../../service/serve/nested.ts';
import {
  readServeOptions,
  SERVE_OPTIONS,
  type ServeOptions,
  serveHelp,
} from '../../service/serve/options.ts';
import { FAULT_VOCABULARY } from '../routes.ts';
import { TTL_DAYS_MAX } from '../state/logstore.ts';

export interface ServeSlsOptions extends ServeOptions {
  logstores: readonly WantedLogstore[];
  /** Projects that are to be there, with or without logstores. */
  projects: readonly string[];
}

export interface WantedLogstore {
  readonly project: string;
  readonly name: string;
  shards: number;
  ttlDays: number;
}

const SHARDS_MAX = 100;
const SHARDS = 2;
const TTL_DAYS = 30;

const OPTIONS = {
  ...SERVE_OPTIONS,
  project: { type: 'string', multiple: true, default: [] as string[] },
  logstore: { type: 'string', multiple: true },
  shards: { type: 'string', multiple: true },
  ttl: { type: 'string', multiple: true },
} as const;

export const SERVE_SLS_HELP = serveHelp({
  intro: `shardbeat serve sls: Alibaba Cloud SLS on this machine

Projects, logstores, shards, puts, pulls, cursors and consumer groups over SLS's own protocol, for this library and for
official SDKs. Listens on 127.0.0.1 only, until Ctrl-C.

  shardbeat serve sls [options]
`,
  own: `  --project NAME           make this project, unless it is there; may be repeated
  --logstore NAME          make this logstore in the project named before it, unless it is there; may be repeated
  --shards N               with so many shards, 1 to ${SHARDS_MAX}; after its --logstore (${SHARDS})
  --ttl DAYS               which keeps log groups for so many days, 1 to ${TTL_DAYS_MAX}, which is forever; after its
                           --logstore (${TTL_DAYS})`,
  quotas: 'the documented quotas of shards, logstores and projects',
  vocabulary: FAULT_VOCABULARY,
});

const LOGSTORES: Nesting<WantedLogstore> = {
  parent: 'project',
  child: 'logstore',
  create: (project, name) => ({ project, name, shards: SHARDS, ttlDays: TTL_DAYS }),
  settings: {
    shards: (logstore, value) => {
      logstore.shards = wholeNumber('--shards', value, 1, SHARDS_MAX);
    },
    ttl: (logstore, value) => {
      logstore.ttlDays = wholeNumber('--ttl', value, 1, TTL_DAYS_MAX);
    },
  },
};

/**
 * Reads the options of `shardbeat serve sls`.
 *
 * @returns 'help' if that is what was asked for
 * @throws SettingsError naming the option and the remedy
 */
export function parseServeSlsOptions(args: readonly string[]): ServeSlsOptions | 'help' {
  const { values, tokens } = parseOptions(args, OPTIONS, 'options start with --');
  if (values.help) return 'help';
  return {
    ...readServeOptions(values, FAULT_VOCABULARY),
    logstores: readNested(tokens, LOGSTORES),
    projects: [...new Set(values.project)],
  };
}
