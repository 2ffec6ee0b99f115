import { HELP_OPTION } from '../../../lib/commandLine/command.ts';
import { parseOptions, wholeNumber } from '../../../lib/commandLine/parse.ts';
import { type Nesting, readNested } from '../../service/serve/nested.ts';
import {
  readServeOptions,
  SERVE_OPTIONS,
  type ServeOptions,
  serveText,
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
  project: {
    type: 'string',
    multiple: true,
    default: [] as string[],
    value: 'NAME',
    help: 'make this project, unless it is there; may be repeated',
  },
  logstore: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    help: 'make this logstore in the project named before it, unless it is there; may be repeated',
  },
  shards: {
    type: 'string',
    multiple: true,
    value: 'N',
    help: `with so many shards, 1 to ${SHARDS_MAX}; after its --logstore (${SHARDS})`,
  },
  ttl: {
    type: 'string',
    multiple: true,
    value: 'DAYS',
    help: `which keeps log groups for so many days, 1 to ${TTL_DAYS_MAX}, which is forever; after its --logstore (${TTL_DAYS})`,
  },
} as const;

/** All that is said of `shardbeat serve sls`. */
export const SERVE_SLS_TEXT = serveText({
  name: 'serve sls',
  summary: 'runs Alibaba Cloud SLS on this machine',
  about:
    "Projects, logstores, shards, puts, pulls, cursors and consumer groups over SLS's own protocol, for this library and for official SDKs. Listens on 127.0.0.1 only, until Ctrl-C.",
  options: OPTIONS,
  examples: [
    ['npx shardbeat serve sls --project shop --logstore orders --shards 4', 'one logstore, in memory'],
  ],
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
  const { values, tokens } = parseOptions(
    args,
    { ...SERVE_OPTIONS, ...OPTIONS, help: HELP_OPTION },
    'options start with --',
  );
  if (values.help) return 'help';
  return {
    ...readServeOptions(values, FAULT_VOCABULARY),
    logstores: readNested(tokens, LOGSTORES),
    projects: [...new Set(values.project)],
  };
}
