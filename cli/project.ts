/** The groups that a project's serverless.yml describes, as they are deployed. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProviderConfig, ShardbeatConfig } from '../infra/plugin/config.ts';
import { readGroups } from '../infra/plugin/groups.ts';
import { SettingsError, ShardbeatError } from '../lib/errors.ts';
import { beginningOf } from '../lib/observe/secrets.ts';

export interface ProjectGroup {
  /** As `SHARDBEAT_GROUP` has it. */
  group: string;
  table: string;
  region: string;
  /** Of the deployed function. */
  function: string;
  /** As `SHARDBEAT_DEAD_LETTERS` has it; undefined where that is known only when it is deployed. */
  deadLetters: string | undefined;
  packaged: Packaged;
}

/** What serverless.yml would deploy. */
export interface Packaged {
  /** What is known only when it is deployed is no text. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly slots: readonly string[];
  readonly reservedConcurrency: number | undefined;
  /** What may be a mistake. */
  readonly warnings: readonly string[];
}

const FILES = ['yml', 'yaml', 'json', 'js', 'ts'].map((ending) => `serverless.${ending}`);
const PROGRAMS = ['osls', 'serverless', 'sls'];
const INSTEAD = 'or give --table, --group and --region';
const OUTPUT_BYTES_MAX = 16 * 2 ** 20;
const SAID_CHARACTERS_MAX = 500;

/** The file that describes the project in this folder, if there is one. */
export const projectFile = (directory: string): string | undefined =>
  FILES.find((name) => existsSync(join(directory, name)));

interface Printed {
  service: string;
  provider: ProviderConfig & { stage?: string; region?: string };
  custom?: { shardbeat?: ShardbeatConfig };
}

/** Has the project's own Framework resolve the variables, as it does when it deploys. Throws a SettingsError for what it cannot. */
export async function readProject(
  directory: string,
  options: { stage?: string | undefined; region?: string | undefined },
  signal: AbortSignal,
): Promise<ProjectGroup[]> {
  const file = projectFile(directory) ?? FILES[0]!;
  const { service, provider, custom } = await print(file, directory, options, signal);
  if (custom?.shardbeat === undefined) {
    throw new SettingsError(
      'custom.shardbeat',
      undefined,
      `${file} has no groups there: add one, ${INSTEAD}`,
    );
  }
  const prefix = `${service}-${options.stage ?? provider.stage ?? 'dev'}`;
  const table = custom.shardbeat.table ?? `${prefix}-shardbeat`;
  return readGroups(custom.shardbeat.groups, { prefix, table, provider }).map(
    ({ resources, function: made, warnings }) => {
      const { SHARDBEAT_DEAD_LETTERS: deadLetters = 'table' } = made.environment;
      return {
        group: resources.group,
        table,
        region: options.region ?? provider.region ?? 'us-east-1',
        function: made.name,
        deadLetters: typeof deadLetters === 'string' ? deadLetters : undefined,
        packaged: {
          environment: { ...provider.environment, ...made.environment },
          slots: resources.slots,
          reservedConcurrency: made.reservedConcurrency,
          warnings,
        },
      };
    },
  );
}

async function print(
  file: string,
  directory: string,
  { stage, region }: { stage?: string | undefined; region?: string | undefined },
  signal: AbortSignal,
): Promise<Printed> {
  const program = findProgram(directory);
  if (program === undefined) {
    throw new SettingsError(
      file,
      undefined,
      `the Framework that reads it is not installed: npm install, ${INSTEAD}`,
    );
  }
  const args = ['print', '--format', 'json'];
  if (stage !== undefined) args.push('--stage', stage);
  if (region !== undefined) args.push('--region', region);
  const { code, stdout, stderr } = await run(program, args, directory, signal);
  const printed = code === 0 ? parse(stdout) : undefined;
  if (printed !== undefined) return printed;
  const said = beginningOf(`${stderr}${stdout}`.trim(), SAID_CHARACTERS_MAX);
  throw new ShardbeatError(`${file} cannot be read by ${program}: correct it, ${INSTEAD}:\n${said}`, {
    retriable: false,
  });
}

/** In this folder's `node_modules`, or in that of one above. */
function findProgram(directory: string): string | undefined {
  const found = PROGRAMS.map((name) => join(directory, 'node_modules/.bin', name)).find((path) =>
    existsSync(path),
  );
  const above = dirname(directory);
  return found ?? (above === directory ? undefined : findProgram(above));
}

function run(program: string, args: readonly string[], cwd: string, signal: AbortSignal) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve, reject) => {
    const options = { cwd, signal, maxBuffer: OUTPUT_BYTES_MAX, shell: process.platform === 'win32' };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (signal.aborted) reject(signal.reason);
      else resolve({ code: error === null ? 0 : 1, stdout, stderr });
    });
  });
}

/** Warnings may stand before it. */
function parse(text: string): Printed | undefined {
  try {
    return JSON.parse(text.slice(text.search(/^\{/m))) as Printed;
  } catch {
    return undefined;
  }
}
