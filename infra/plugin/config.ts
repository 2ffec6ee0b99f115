/** What stands under `custom.shardbeat`: see ../schema.json, which says what each means, and which the Framework has checked it by. */
export interface ShardbeatConfig {
  table?: string;
  /** Of the table against deletion; by the stage, unless set. */
  protect?: boolean;
  groups: Readonly<Record<string, GroupConfig>>;
}

/** What is written in YAML is taken by its text. */
export type Scalar = string | number | boolean;
/** Such as `{ Ref: … }`: known only when it is deployed. */
export type CloudFormation = object;

export interface GroupConfig {
  module: string;
  sls?: SourceConfig;
  cls?: SourceConfig;
  deadLetters?: Scalar | CloudFormation | null;
  slots?: Scalar | SlotBounds;
  alarms?: AlarmsConfig;
  dashboard?: boolean;
  interval?: Scalar;
  linger?: Scalar;
  doorbell?: Scalar | DoorbellConfig | null;
  timeout?: number;
  memorySize?: number;
  architecture?: 'arm64' | 'x86_64';
  runtime?: string;
  reservedConcurrency?: number;
  logRetentionInDays?: number;
  enabled?: boolean;
  environment?: Readonly<Record<string, Scalar | CloudFormation | null>>;
  statements?: readonly object[];
  tags?: Readonly<Record<string, string>>;
  vpc?: VpcConfig | false | null;
  layers?: readonly unknown[];
  external?: readonly string[];
  package?: { patterns?: readonly string[] };
  /** The settings of the group, each under the name of its variable. */
  [setting: string]: unknown;
}

/** One schedule starts them, and their number follows the load. */
export interface SlotBounds {
  min?: Scalar;
  max?: Scalar;
}

/** Which alarms there are: `true`, or the limit of one that has a limit. */
export interface AlarmsConfig {
  /** ARN of a topic of SNS, or several. */
  topic?: string | CloudFormation | readonly (string | CloudFormation)[];
  silentSlots?: boolean;
  lag?: Scalar;
  retention?: Scalar;
  deadLetters?: boolean;
  blocked?: boolean;
  outage?: boolean;
  errors?: boolean;
  throttling?: boolean;
}

/** What rings, besides whoever starts the function directly. */
export interface DoorbellConfig {
  queue?: string | CloudFormation;
  topic?: string | CloudFormation;
  /** The pattern of those that ring; of the account's default bus, unless `bus` is set. */
  events?: object;
  bus?: string | CloudFormation;
}

export type SourceConfig = Readonly<Record<string, unknown>>;

export interface VpcConfig {
  securityGroupIds?: unknown;
  subnetIds?: unknown;
  ipv6AllowedForDualStack?: boolean;
}

/** What is looked at of the Framework's `provider`. */
export interface ProviderConfig {
  runtime?: string;
  architecture?: 'arm64' | 'x86_64';
  memorySize?: number;
  logRetentionInDays?: number;
  environment?: Readonly<Record<string, Scalar | CloudFormation>>;
  tags?: Readonly<Record<string, string>>;
  vpc?: VpcConfig;
  kmsKeyArn?: unknown;
  tracing?: { lambda?: unknown };
  iam?: {
    role?: {
      path?: string;
      permissionsBoundary?: unknown;
      permissionBoundary?: unknown;
      tags?: Record<string, string>;
    };
  };
  rolePermissionsBoundary?: unknown;
}
