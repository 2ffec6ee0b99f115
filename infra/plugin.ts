import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SettingsError, ShardbeatError } from '../lib/errors.ts';
import { bundleModule } from './bundle.ts';
import { writeArchive } from './bundling/archive.ts';
import { alarmResources } from './plugin/alarms.ts';
import type { ProviderConfig, ShardbeatConfig } from './plugin/config.ts';
import { dashboardResource } from './plugin/dashboard.ts';
import { doorbellResources } from './plugin/doorbell.ts';
import type { FunctionConfig, Group, Starter } from './plugin/group.ts';
import { readGroups } from './plugin/groups.ts';
import { checkCount, handlerOf } from './plugin/limits.ts';
import {
  groupResources,
  protectionOf,
  type Resources,
  tableOutputs,
  tableResource,
} from './plugin/resources.ts';
import { starterResources } from './plugin/starter.ts';
import schema from './schema.json' with { type: 'json' };
import { bundleStarter, STARTER_HANDLER } from './starterBundle.ts';

/** What is used of the Framework, which osls and Serverless Framework 4 have in common. */
interface Framework {
  serviceDir: string;
  service: {
    service: string;
    provider: ProviderConfig & {
      compiledCloudFormationTemplate?: { Resources: Resources; Outputs: Record<string, object> };
      /** While one function is deployed. */
      remoteFunctionData?: { Configuration: { Role: string } };
    };
    custom?: { shardbeat?: ShardbeatConfig };
    functions: Record<string, object>;
  };
  /** The Framework shows what these say, and of others where they come from. */
  classes: { Error: new (message: string, code: string) => Error };
  configSchemaHandler: { defineCustomProperties(schema: object): void };
  getProvider(name: 'aws'): { getStage(): string; naming: Naming };
}

interface Naming {
  getNormalizedFunctionName(key: string): string;
  getLambdaLogicalId(key: string): string;
  getLogGroupLogicalId(key: string): string;
  getLogGroupName(name: string): string;
  getFunctionArtifactName(key: string): string;
}

/** What a function has once it is packaged. Where a service has no other functions, the Framework would look for an archive of it. */
interface Packaged {
  handler: string;
  package: { artifact: string; individually: true };
}

/** The Framework's own folder in that of the service. It leaves it out of every archive, and moves it as a whole. */
const OUTPUT = '.serverless';

/**
 * Makes of `custom.shardbeat` in serverless.yml a function for each consumer group, with its role, its schedules and its log group,
 * and one table for all of them.
 *
 * While a service is packaged, the Framework and its other plugins do not see these functions before they are compiled: so none of
 * them bundles one again, and the service's own role allows no more on their behalf.
 */
export default class ShardbeatPlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;
  readonly #framework: Framework;
  readonly #warn: (line: string) => void;
  /** Read when the Framework has resolved all variables. */
  #groups: readonly Group[] = [];
  /** By the key of the function. */
  readonly #packaged = new Map<string, Packaged>();

  constructor(
    framework: Framework,
    options: { function?: string } = {},
    { log }: { log?: { warning(line: string): void } } = {},
  ) {
    this.#framework = framework;
    this.#warn = (line) => (log === undefined ? process.stderr.write(`${line}\n`) : log.warning(line));
    framework.configSchemaHandler.defineCustomProperties(schema.properties.custom);
    const hooks: Record<string, () => void | Promise<void>> = {
      initialize: () => this.#initialize(),
      'before:package:cleanup': () => this.#hideFunctions(),
      'before:package:createDeploymentArtifacts': () => this.#package(this.#groups),
      'before:package:compileFunctions': () => this.#showFunctions(),
      'package:compileEvents': () => this.#addResources(),
      // Now it has the service's own, too.
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.#checkCount(),
      // Now the Framework knows the deployed one, and no bundler has looked yet.
      'after:deploy:function:initialize': () => this.#packageDeployed(options.function),
    };
    this.hooks = Object.fromEntries(
      Object.entries(hooks).map(([event, hook]) => [event, () => this.#telling(hook)]),
    );
  }

  async #telling(hook: () => void | Promise<void>): Promise<void> {
    try {
      await hook();
    } catch (error) {
      if (!(error instanceof ShardbeatError)) throw error;
      throw new this.#framework.classes.Error(error.message, 'SHARDBEAT');
    }
  }

  #initialize(): void {
    const { service, custom, provider, functions } = this.#framework.service;
    const config = custom?.shardbeat;
    if (config === undefined) return;
    const prefix = `${service}-${this.#framework.getProvider('aws').getStage()}`;
    const table = config.table ?? `${prefix}-shardbeat`;
    this.#groups = readGroups(config.groups, { prefix, table, provider });
    for (const { functionKey, warnings } of this.#groups)
      for (const warning of warnings) this.#warn(`${functionKey}: ${warning}`);
    for (const key of this.#functionKeys()) {
      if (key in functions)
        throw new SettingsError(
          `functions.${key}`,
          '(set)',
          'a group of this name makes it: call one of them otherwise',
        );
    }
    this.#showFunctions();
  }

  #functionKeys(): string[] {
    return this.#groups.flatMap(({ functionKey, starter }) => [
      functionKey,
      ...(starter === undefined ? [] : [starter.functionKey]),
    ]);
  }

  /** With what has been packaged of them, if they have been. */
  #showFunctions(): void {
    for (const { functionKey, function: made, vpc, starter } of this.#groups) {
      this.#showFunction(functionKey, made, vpc);
      if (starter !== undefined) this.#showFunction(starter.functionKey, starter.function, undefined);
    }
  }

  #showFunction(functionKey: string, made: FunctionConfig, vpc: Group['vpc']): void {
    this.#framework.service.functions[functionKey] = {
      handler: 'handler.handler',
      ...made,
      role: { 'Fn::GetAtt': [this.#idsOf(functionKey).role, 'Arn'] },
      // Nothing would be taken from the provider, also where it has a network.
      vpc: vpc ?? null,
      ...this.#packaged.get(functionKey),
    } satisfies FunctionConfig & Record<string, unknown>;
  }

  #hideFunctions(): void {
    for (const key of this.#functionKeys()) delete this.#framework.service.functions[key];
  }

  async #package(groups: readonly Group[]): Promise<void> {
    for (const group of groups) {
      await this.#packageConsumer(group);
      if (group.starter !== undefined) await this.#packageStarter(group.starter.functionKey, group);
    }
  }

  async #packageConsumer({ functionKey, bundle: options }: Group): Promise<void> {
    const { module } = options;
    await this.#archive(functionKey, async (directory, root) => {
      const bundle = await bundleModule({ ...options, module: resolve(root, module), root, directory });
      return { files: bundle.files, handler: handlerOf(bundle.handler, module, options.field) };
    });
  }

  #packageStarter(functionKey: string, { bundle }: Group): Promise<void> {
    return this.#archive(functionKey, async (directory) => ({
      files: await bundleStarter(directory, bundle.target),
      handler: STARTER_HANDLER,
    }));
  }

  async #archive(
    functionKey: string,
    bundle: (directory: string, root: string) => Promise<{ files: readonly string[]; handler: string }>,
  ): Promise<void> {
    const root = this.#framework.serviceDir;
    const directory = join(root, OUTPUT, functionKey);
    await rm(directory, { recursive: true, force: true });
    const { files, handler } = await bundle(directory, root);
    // From the service's folder: what is packaged here may be deployed elsewhere.
    const artifact = join(OUTPUT, this.#naming.getFunctionArtifactName(functionKey));
    await writeArchive(join(root, artifact), directory, files);
    await rm(directory, { recursive: true });
    this.#packaged.set(functionKey, { handler, package: { artifact, individually: true } });
  }

  /** Within the object that the Framework keeps hold of. It would look for a role whose name is the logical id: the function keeps its own. */
  async #packageDeployed(key: string | undefined): Promise<void> {
    const { functions, provider } = this.#framework.service;
    const isIts = ({ functionKey, starter }: Group) => functionKey === key || starter?.functionKey === key;
    const group = this.#groups.find(isIts);
    if (key === undefined || group === undefined) return;
    if (key === group.functionKey) await this.#packageConsumer(group);
    else await this.#packageStarter(key, group);
    const role = provider.remoteFunctionData?.Configuration.Role;
    Object.assign(functions[key]!, this.#packaged.get(key), role !== undefined && { role });
  }

  #addResources(): void {
    const { provider, custom } = this.#framework.service;
    const template = provider.compiledCloudFormationTemplate;
    if (this.#groups.length === 0 || template === undefined) return;
    const stage = this.#framework.getProvider('aws').getStage();
    const isProtected = protectionOf(stage, custom?.shardbeat?.protect);
    const made = [
      tableResource({ name: this.#tableName, tags: provider.tags ?? {}, isProtected }),
      ...this.#groups.flatMap((group) => this.#resourcesOf(group)),
    ];
    for (const [id, resource] of made.flatMap((resources) => Object.entries(resources))) {
      if (id in template.Resources)
        throw new SettingsError(
          'resources',
          id,
          'the service has another resource of this name: call the group otherwise',
        );
      template.Resources[id] = resource;
    }
    Object.assign(template.Outputs, tableOutputs());
  }

  #resourcesOf({ alarms, dashboard, doorbell, intervalMs, starter, ...group }: Group): Resources[] {
    const { resources, functionKey } = group;
    const ids = this.#idsOf(functionKey);
    const functionName = group.function.name;
    const logGroupName = this.#naming.getLogGroupName(functionName);
    const base = this.#naming.getNormalizedFunctionName(functionKey);
    const watched = { group: resources.group, functionName, base, intervalMs, tags: resources.tags };
    return [
      groupResources({
        ...resources,
        ids,
        logGroupName,
        starter: starter && this.#idsOf(starter.functionKey).function,
      }),
      ...(starter ? [this.#starterResources(starter, ids.function)] : []),
      ...(alarms ? [alarmResources(alarms, { ...watched, functionId: ids.function })] : []),
      ...(doorbell
        ? [doorbellResources(doorbell, { ...watched, functionId: ids.function, enabled: resources.enabled })]
        : []),
      ...(dashboard ? [dashboardResource({ ...watched, logGroupName })] : []),
    ];
  }

  #starterResources({ functionKey, function: made, resources }: Starter, consumer: string): Resources {
    const ids = { ...this.#idsOf(functionKey), consumer };
    return starterResources({ ...resources, ids, logGroupName: this.#naming.getLogGroupName(made.name) });
  }

  #checkCount(): void {
    const template = this.#framework.service.provider.compiledCloudFormationTemplate;
    const scheduled = this.#groups.filter(({ starter }) => starter === undefined);
    const slots = scheduled.reduce((sum, { resources }) => sum + resources.slots.length, 0);
    if (this.#groups.length > 0 && template !== undefined) checkCount(template.Resources, slots);
  }

  get #naming(): Naming {
    return this.#framework.getProvider('aws').naming;
  }

  get #tableName(): string {
    return String(this.#groups[0]?.function.environment.SHARDBEAT_TABLE);
  }

  #idsOf(functionKey: string) {
    const base = this.#naming.getNormalizedFunctionName(functionKey);
    return {
      function: this.#naming.getLambdaLogicalId(functionKey),
      logGroup: this.#naming.getLogGroupLogicalId(functionKey),
      role: `${base}Role`,
      scheduleRole: `${base}ScheduleRole`,
      schedule: `${base}Schedule`,
    };
  }
}
