/** Services whose templates have, between them, everything that the plugin makes. */
import { ALARM_KINDS } from '../../infra/plugin/alarmKinds.ts';

const sls = {
  endpoint: 'cn-hangzhou.log.aliyuncs.com',
  project: 'shop',
  logstore: 'orders',
  secret: 'shardbeat/sls',
};
const cls = {
  region: 'ap-guangzhou',
  logset: '11111111-1111-4111-8111-111111111111',
  topics: ['22222222-2222-4222-8222-222222222222'],
  parameter: '/shardbeat/cls',
};
const alarms = { topic: { Ref: 'Woken' }, ...Object.fromEntries(ALARM_KINDS.map((kind) => [kind, true])) };
const resources = {
  Woken: { Type: 'AWS::SNS::Topic' },
  Letters: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
  Rings: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 288 } },
  Bucket: { Type: 'AWS::S3::Bucket' },
  Key: {
    Type: 'AWS::SecretsManager::Secret',
    Properties: {
      GenerateSecretString: { SecretStringTemplate: '{}', GenerateStringKey: 'accessKeySecret' },
    },
  },
};
// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
const bucket = { 'Fn::Sub': 's3://${Bucket}/letters' };

interface Variant {
  stage: string;
  provider?: object;
  shardbeat?: object;
  groups: Record<string, object>;
}

const module = 'src/module.js';

const VARIANTS: Readonly<Record<string, Variant>> = {
  least: { stage: 'dev', groups: { orders: { module, sls } } },
  most: {
    stage: 'prod',
    provider: {
      tags: { team: 'shop' },
      stackTags: { cost: 'logs' },
      logRetentionInDays: 7,
      environment: { ABC: 'b' },
      tracing: { lambda: true },
      kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/11111111-1111-4111-8111-111111111111',
      vpc: { securityGroupIds: ['sg-0123456789abcdef0'], subnetIds: ['subnet-0123456789abcdef0'] },
      iam: {
        role: { path: '/apps/', permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary' },
      },
    },
    groups: {
      refunds: { module, sls, slots: { min: 600, max: 600 }, alarms, tags: { stream: 'refunds' } },
      orders: {
        ...{ module, sls, slots: 3, interval: '5m', deadLetters: 's3://letters/orders', eventBus: 'shop' },
        ...{ alarms, dashboard: true, reservedConcurrency: 3, tags: { stream: 'orders' } },
        ...{ architecture: 'arm64', memorySize: 1024, timeout: 120, environment: { DEF: 'd' } },
        statements: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::shop/*' }],
      },
      'pay-ments': {
        doorbell: { events: { source: ['shop'], 'detail-type': ['Paid'] }, bus: 'shop' },
        ...{ module, cls, slots: 2, alarms, dashboard: true, enabled: false, vpc: false },
        deadLetters: 'arn:aws:sqs:eu-west-1:123456789012:letters',
      },
    },
  },
  references: {
    stage: 'test',
    shardbeat: { protect: true, table: 'a-table' },
    groups: {
      orders: {
        ...{ module, sls: { ...sls, secret: { Ref: 'Key' } } },
        deadLetters: { 'Fn::GetAtt': ['Letters', 'Arn'] },
      },
      payments: { module, cls, deadLetters: bucket, slots: { min: 2, max: 40 } },
      parcels: {
        ...{ module, sls, slots: 2 },
        doorbell: {
          ...{ queue: { 'Fn::GetAtt': ['Rings', 'Arn'] }, topic: { Ref: 'Woken' } },
          events: { source: ['aws.s3'] },
        },
      },
      returns: {
        ...{ module, sls: { ...sls, secret: undefined, accessKeyId: 'i', accessKeySecret: 's' } },
        ...{ deadLetters: 'https://sqs.eu-west-1.amazonaws.com/123456789012/letters', runtime: 'nodejs22.x' },
      },
    },
  },
};

/** The files of a service for each, with the stage that it is packaged for. */
export const variants = Object.entries(VARIANTS).map(([name, { stage, provider, shardbeat, groups }]) => ({
  name,
  stage,
  files: {
    'src/module.js': 'export const eachBatch = () => {};',
    // JSON is YAML.
    'serverless.yml': JSON.stringify({
      service: 'shop',
      plugins: ['shardbeat'],
      provider: { name: 'aws', region: 'eu-west-1', ...provider },
      custom: { shardbeat: { ...shardbeat, groups } },
      resources: { Resources: resources },
    }),
  },
}));
