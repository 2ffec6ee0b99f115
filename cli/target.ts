/** Which group a command is about, and how it is reached. */
import type { Values } from '../lib/commandLine/command.ts';
import { type LocalRun, localRuns, runIn } from '../lib/commandLine/localRuns.ts';
import { SettingsError } from '../lib/errors.ts';
import type { OpenGroup } from '../lib/operations.ts';
import { sayEvents } from './events.ts';
import { type Packaged, projectFile, readProject } from './project.ts';
import type { World } from './world.ts';

const section = 'Which group';

/** Of every command that is about a group. */
export const TARGET_OPTIONS = {
  group: { type: 'string', value: 'NAME', section, help: 'its name, where there are several' },
  table: {
    type: 'string',
    value: 'NAME',
    section,
    help: 'its DynamoDB table (without it: the local run in this folder, else what serverless.yml describes)',
  },
  region: { type: 'string', value: 'NAME', section, help: 'of AWS, where the table is' },
  profile: { type: 'string', value: 'NAME', section, help: 'of AWS, whose credentials are used' },
  stage: { type: 'string', value: 'NAME', section, help: 'which deployment of serverless.yml (dev)' },
  function: {
    type: 'string',
    value: 'NAME',
    section,
    help: 'name or ARN of the deployed function: it asks the log service, so that you need no key of that',
  },
  'dead-letters': {
    type: 'string',
    value: 'PLACE',
    section,
    help: 'where the dead letters are, as SHARDBEAT_DEAD_LETTERS has it (table)',
  },
} as const;

export type TargetOptions = Values<typeof TARGET_OPTIONS>;

/** What was given of these, to be typed again. */
export function optionsOf(options: TargetOptions): string {
  const quoted = (text: string): string =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  return Object.keys(TARGET_OPTIONS)
    .flatMap((name) => {
      const value = options[name as keyof TargetOptions];
      return value === undefined ? [] : [`--${name} ${quoted(value)}`];
    })
    .join(' ');
}

export interface Target {
  readonly group: string;
  readonly table: string;
  readonly isLocal: boolean;
  /** Name or ARN of the deployed one, where it is known. */
  readonly function: string | undefined;
  /** The variables of the function, where they are known here. */
  readonly settings: Readonly<Record<string, string | undefined>> | undefined;
  /** Of a group that serverless.yml describes. */
  readonly packaged: Packaged | undefined;
  /** For people: `local run of process 4711`, `table shop in eu-west-1`. */
  readonly place: string;
  /** Who asks the log service: this process with settings that it has, the deployed function, or nobody. */
  readonly asks: 'itself' | 'function' | 'nobody';
  /** The user's module of a local run. */
  readonly module?: string | undefined;
  open(): Promise<OpenGroup>;
}

/** Of what only the log service knows. Throws a SettingsError where nobody can ask it. */
export function needService({ asks }: Target): void {
  if (asks !== 'nobody') return;
  const remedy =
    'name the deployed function, which asks the log service, or set the variables of the function';
  throw new SettingsError('--function', undefined, remedy);
}

/** Throws a SettingsError where no group is found, or several. Sets the variables by which AWS is reached. */
export async function findTarget(options: TargetOptions, world: World, signal: AbortSignal): Promise<Target> {
  const { table, profile } = options;
  const runs = meansDeployed(options) ? [] : await localRuns();
  const run = runIn(runs, world.directory);
  if (run !== undefined) {
    tellOfOthers(run, runs, world);
    checkName(run, options);
    return localTarget(run, world);
  }
  if (profile !== undefined) world.environment.AWS_PROFILE = profile;
  const found = table === undefined ? await foundIn(options, world, signal) : named(options, table, world);
  if (found.region !== undefined) world.environment.AWS_REGION = found.region;
  return deployedTarget(found, options, world);
}

const meansDeployed = ({ table, region, profile, stage, function: name }: TargetOptions): boolean =>
  [table, region, profile, stage, name].some((given) => given !== undefined);

/** Whoever changes one has to know which. */
function tellOfOthers({ pid, directory }: LocalRun, runs: readonly LocalRun[], world: World): void {
  const { length } = runs.filter((run) => run.directory === directory);
  if (length > 1)
    world.say(
      `${length} local runs are in ${directory}: this is about the one that was started last, process ${pid}`,
    );
}

function checkName({ environment }: LocalRun, { group }: TargetOptions): void {
  const { SHARDBEAT_GROUP: name = '' } = environment;
  if (group === undefined || group === name) return;
  const remedy = `the run in this folder has the group ${name}; of a deployed one, give --table or --stage, too`;
  throw new SettingsError('--group', group, remedy);
}

/** Sets the variables by which its services are reached. */
export function localTarget(run: LocalRun, world: Pick<World, 'environment' | 'say'>): Target {
  const { environment } = world;
  for (const variable of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL'])
    delete environment[variable];
  Object.assign(environment, run.environment);
  return {
    group: run.environment.SHARDBEAT_GROUP ?? '',
    table: run.environment.SHARDBEAT_TABLE ?? '',
    isLocal: true,
    function: undefined,
    settings: run.environment,
    packaged: undefined,
    place: `local run of process ${run.pid}`,
    asks: 'itself',
    module: run.module,
    open: async () =>
      (await operations()).openGroup({ environment: run.environment, logger: sayEvents(world.say) }),
  };
}

/** The AWS SDK is loaded when it is needed: a help does without. */
const operations = () => import('../lib/operations.ts');

interface Found {
  group: string;
  table: string;
  region?: string | undefined;
  function?: string | undefined;
  deadLetters?: string | undefined;
  /** Settings with which the log service can be asked. */
  environment?: NodeJS.ProcessEnv;
  packaged?: Packaged;
}

function named(
  { group, region, function: name }: TargetOptions,
  table: string,
  { environment }: World,
): Found {
  if (group === undefined) throw new SettingsError('--group', group, `name the group in the table ${table}`);
  const isIts = environment.SHARDBEAT_TABLE === table && environment.SHARDBEAT_GROUP === group;
  return {
    group,
    table,
    region,
    function: name,
    ...(isIts ? toldBy(environment) : { deadLetters: 'table' }),
  };
}

/** What the variables of the group's function tell. The log service can be asked with those that every function has to have. */
function toldBy(environment: NodeJS.ProcessEnv): Pick<Found, 'deadLetters' | 'environment'> {
  const {
    SHARDBEAT_SOURCE: source,
    SHARDBEAT_INTERVAL: interval,
    SHARDBEAT_DEAD_LETTERS: deadLetters = 'table',
  } = environment;
  return { deadLetters, ...(source !== undefined && interval !== undefined && { environment }) };
}

async function foundIn(options: TargetOptions, world: World, signal: AbortSignal): Promise<Found> {
  const { directory, environment } = world;
  const file = projectFile(directory);
  if (file !== undefined) {
    // The Framework takes some seconds.
    if (world.columns !== undefined)
      world.say(`${meansDeployed(options) ? '' : 'no local run is here: '}reading ${file} …`);
    const groups = await readProject(directory, options, signal);
    const names = groups.map(({ group }) => group).join(', ');
    const found = groups.filter(({ group }) => options.group === undefined || group === options.group);
    if (found.length === 1) return { ...found[0]!, function: options.function ?? found[0]!.function };
    throw new SettingsError('--group', options.group, `choose one that ${file} describes: ${names}`);
  }
  const { SHARDBEAT_TABLE: table, SHARDBEAT_GROUP: group } = environment;
  if (table !== undefined && group !== undefined && (options.group ?? group) === group) {
    const { region, function: name } = options;
    return { group, table, region, function: name, ...toldBy(environment) };
  }
  const remedy =
    'none is found here: start one in this folder (npm start), go to a folder with a serverless.yml, or give --table and --group';
  throw new SettingsError('--group', options.group, remedy);
}

function deployedTarget(
  { group, table, environment: settings, packaged, ...found }: Found,
  options: TargetOptions,
  { environment, say }: World,
): Target {
  const { function: name, region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION } = found;
  const deadLetters = options['dead-letters'] ?? found.deadLetters;
  const itself = name === undefined && settings !== undefined;
  const byName = { table, group, ...(name !== undefined && { function: name }) };
  return {
    group,
    table,
    isLocal: false,
    function: name,
    settings,
    packaged,
    place: `table ${table} in ${region ?? 'the usual region'}`,
    asks: itself ? 'itself' : name === undefined ? 'nobody' : 'function',
    open: async () => {
      const { openGroup } = await operations();
      const logger = sayEvents(say);
      if (itself) {
        const environment = { ...settings, SHARDBEAT_DEAD_LETTERS: deadLetters };
        return openGroup({ environment, logger });
      }
      if (deadLetters !== undefined) return openGroup({ ...byName, deadLetters, logger });
      return withoutLetters(openGroup({ ...byName, logger }));
    },
  };
}

/** Nobody may take letters that are elsewhere for none at all. */
function withoutLetters(group: OpenGroup): OpenGroup {
  const refuse = (): never => {
    const remedy =
      'where they are is known only once it is deployed: say it, as the function’s SHARDBEAT_DEAD_LETTERS does';
    throw new SettingsError('--dead-letters', undefined, remedy);
  };
  return {
    ...group,
    deadLetters: refuse,
    countDeadLetters: async () => refuse(),
    dropDeadLetters: async () => refuse(),
  };
}
