/** What a group needs in CloudFormation besides its function. Pure: the plugin, the tests and the template by hand share it. */
import type { CloudFormation } from './config.ts';

export type Resources = Record<
  string,
  { Type: string; Properties: Record<string, unknown> } & Record<string, unknown>
>;

export type Tags = Readonly<Record<string, string>>;
/** Tags as CloudFormation takes them; nothing for none. */
export const tagged = (tags: Tags): { Tags?: { Key: string; Value: string }[] } =>
  Object.keys(tags).length === 0
    ? {}
    : { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };

export const TABLE_ID = 'ShardbeatTable';
export const arnOf = (logicalId: string): CloudFormation => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** Words in the names of stages that come and go. */
const PASSING_STAGES = new Set(
  'ci demo dev develop development feature local pr preview review sandbox temp test testing tmp'.split(' '),
);

/**
 * Whether the table of a stage is protected against deletion: as somebody says, or else unless the stage is one like `dev`, `alice-dev`,
 * `test2` or `pr-7`. Undefined: nothing is said of it, and whoever protects it by hand is not undone by the next deployment.
 */
export function protectionOf(stage: string, protect: boolean | undefined): boolean | undefined {
  if (protect !== undefined) return protect;
  const words = stage.toLowerCase().split(/[^a-z]+/);
  return words.some((word) => PASSING_STAGES.has(word)) ? undefined : true;
}

/**
 * The one table of all groups: `pk` = group, `sk` = kind of item. Every write is a single-item conditional update; there are no
 * indexes, no streams and no transactions, so one write costs one write unit.
 *
 * The checkpoints outlive the stack. The name is fixed for the same reason: a stack made anew is refused while the old table exists,
 * and has to import it; with a generated name it would begin with an empty table, and a group that starts at `end` would lose what
 * came in between. It is encrypted with the key that DynamoDB owns, which is the default and costs nothing.
 *
 * @param of.isProtected DynamoDB deletes it only after somebody has ended that. CloudFormation could not either, so that a stack whose
 * first deployment fails leaves the table, while it takes one that is not protected along.
 */
export function tableResource(of: { name: string; tags: Tags; isProtected: boolean | undefined }): Resources {
  const { name, tags, isProtected } = of;
  return {
    [TABLE_ID]: {
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: isProtected ? 'Retain' : 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        ...(isProtected !== undefined && { DeletionProtectionEnabled: isProtected }),
        ...tagged(tags),
      },
    },
  };
}

/** Names that the table's stack tells others. */
export const tableOutputs = (): Record<string, object> => ({
  ShardbeatTableName: { Description: 'The table of the consumer groups', Value: { Ref: TABLE_ID } },
  ShardbeatTableArn: { Description: 'Its ARN, for policies of other stacks', Value: arnOf(TABLE_ID) },
});

export interface GroupResources {
  group: string;
  /** Logical ids; schedules are numbered. */
  ids: { function: string; logGroup: string; role: string; scheduleRole: string; schedule: string };
  logGroupName: string;
  logRetentionInDays: number;
  /** What the role allows besides the items of the group and the log. */
  statements: readonly object[];
  slots: readonly string[];
  /** Logical id of the function that starts all slots; each has a schedule of its own, unless set. */
  starter?: string | undefined;
  rate: string;
  enabled: boolean;
  tags: Tags;
  /** Of the two roles: `Path`, `PermissionsBoundary`. */
  roleProperties: Readonly<Record<string, unknown>>;
}

/**
 * Log group, two roles, and a schedule for each slot, or one for the starter. The function cannot start itself, and the scheduler cannot
 * touch the table.
 */
export function groupResources(given: GroupResources): Resources {
  const { ids, group, tags, slots } = given;
  const started = given.starter ?? ids.function;
  const schedules =
    given.starter === undefined
      ? slots.map((slot) =>
          schedule(started, { slot }, `Ticks of the slot ${slot} of the group ${group}`, given),
        )
      : [schedule(started, {}, `Ticks of all slots of the group ${group}`, given)];
  return {
    [ids.logGroup]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: {
        LogGroupName: given.logGroupName,
        RetentionInDays: given.logRetentionInDays,
        ...tagged(tags),
      },
    },
    [ids.role]: roleResource({
      ...given,
      description: `What the function of the group ${group} may do`,
      service: 'lambda.amazonaws.com',
      // Its own items, and what begins with its name and a `#`, such as its dead letters: those of other groups are not its business.
      statements: [
        ownItems([group, `${group}#*`], ['DeleteItem', 'GetItem', 'Query', 'UpdateItem']),
        writeLog(ids.logGroup),
        ...given.statements,
      ],
    }),
    [ids.scheduleRole]: roleResource({
      ...given,
      description: `What the schedules of the group ${group} may do`,
      service: 'scheduler.amazonaws.com',
      statements: [
        { Sid: 'StartTicks', Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arnOf(started) },
      ],
      // Only schedules of this account may take the role.
      condition: { Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } },
    }),
    ...Object.fromEntries(schedules.map((each, index) => [`${ids.schedule}${index}`, each])),
  };
}

interface Role {
  description: string;
  /** Who may take it. */
  service: string;
  condition?: object;
  statements: readonly object[];
  tags: Tags;
  roleProperties: Readonly<Record<string, unknown>>;
}

export function roleResource(role: Role): Resources[string] {
  const { description, service, condition, statements, tags, roleProperties } = role;
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: description,
      AssumeRolePolicyDocument: policy([
        { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole', ...condition },
      ]),
      Policies: [{ PolicyName: 'shardbeat', PolicyDocument: policy(statements) }],
      ...roleProperties,
      ...tagged(tags),
    },
  };
}

const policy = (statements: readonly object[]): object => ({ Version: '2012-10-17', Statement: statements });

/** The items of these partitions of the table. */
export const ownItems = (partitions: readonly string[], verbs: readonly string[]): object => ({
  Sid: 'CoordinateTheGroup',
  Effect: 'Allow',
  Action: verbs.map((verb) => `dynamodb:${verb}`),
  Resource: arnOf(TABLE_ID),
  Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions } },
});

export const writeLog = (logGroup: string): object => ({
  Sid: 'WriteItsLog',
  Effect: 'Allow',
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: arnOf(logGroup),
});

/**
 * Without a policy the scheduler would repeat a tick that could not be started for 24 hours; the next tick does the same work, so a
 * late one is worth nothing. It has no name of ours: names are one namespace in an account and region, and have 64 characters.
 */
function schedule(
  started: string,
  input: object,
  description: string,
  { ids, rate, enabled }: GroupResources,
): Resources[string] {
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Description: description,
      ScheduleExpression: rate,
      State: enabled ? 'ENABLED' : 'DISABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: arnOf(started),
        RoleArn: arnOf(ids.scheduleRole),
        Input: JSON.stringify(input),
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      },
    },
  };
}
