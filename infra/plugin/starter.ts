/** The function that one schedule starts in place of many, and that starts the slots. */
import { STARTER_SUFFIX } from '../../lib/config/starter.ts';
import type { ProviderConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { arnOf, ownItems, type Resources, roleResource, type Tags, tagged, writeLog } from './resources.ts';
import { platformStatements } from './statements.ts';

const MEMORY_SIZE = 256;
/** Whatever fails is tried again for so long; a slot that is started later would be in the way of its next start. */
const TIMEOUT_S = 30;

/** What is the same for both functions. */
interface Consumer {
  name: string;
  runtime: string;
  architecture?: string;
  tags?: Readonly<Record<string, string>>;
  environment: Environment;
}

/** The function as the Framework compiles it. */
export function starterFunction(consumer: Consumer, group: string) {
  const { name, runtime, architecture, tags, environment } = consumer;
  const names = ['GROUP', 'TABLE', 'INTERVAL', 'SLOTS', 'LOG_LEVEL'].map((name) => `SHARDBEAT_${name}`);
  const own = Object.entries(environment).filter(([name]) => names.includes(name));
  return {
    name: `${name}${STARTER_SUFFIX}`,
    description: `Starts the slots of the consumer group ${group}`,
    runtime,
    ...(architecture !== undefined && { architecture }),
    ...(tags !== undefined && { tags }),
    memorySize: MEMORY_SIZE,
    timeout: TIMEOUT_S,
    environment: { ...Object.fromEntries(own), SHARDBEAT_FUNCTION: name },
    // The next one does the same.
    maximumRetryAttempts: 0 as const,
    maximumEventAge: 60 as const,
    versionFunction: false as const,
    events: [] as [],
  };
}

export interface StarterResources {
  group: string;
  ids: { consumer: string; logGroup: string; role: string };
  logGroupName: string;
  logRetentionInDays: number;
  /** Whether it reads the table, and says which slots leave. */
  scales: boolean;
  provider: ProviderConfig;
  tags: Tags;
  roleProperties: Readonly<Record<string, unknown>>;
}

/** Its log group, and a role that may start one function, and what scaling needs of the group's own items. */
export function starterResources(given: StarterResources): Resources {
  const { group, ids, scales, tags } = given;
  const statements = [
    ...(scales ? [ownItems([group], ['DeleteItem', 'Query', 'UpdateItem'])] : []),
    { Sid: 'StartSlots', Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arnOf(ids.consumer) },
    writeLog(ids.logGroup),
    ...platformStatements(given.provider),
  ];
  const about = `What the starter of the group ${group} may do`;
  return {
    [ids.logGroup]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: {
        LogGroupName: given.logGroupName,
        RetentionInDays: given.logRetentionInDays,
        ...tagged(tags),
      },
    },
    [ids.role]: roleResource({ ...given, description: about, service: 'lambda.amazonaws.com', statements }),
  };
}
