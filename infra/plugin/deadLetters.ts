import { placeOfDeadLetters } from '../../lib/config/deadLetters.ts';
import type { CloudFormation, GroupConfig } from './config.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
const PARTITION = '${AWS::Partition}';
// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
const REGION = '${AWS::Region}';

const OBJECTS = ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'];
const MESSAGES = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
  'sqs:SendMessage',
];

/**
 * What the function's role may do where the group keeps its dead letters, if that is not the table. What CloudFormation tells only
 * later is the ARN of a queue, unless it is `Fn::Sub` of a text that begins with `s3://`.
 * The settings have been checked.
 */
export function deadLetterStatements(group: string, { deadLetters }: GroupConfig): object[] {
  if (deadLetters === undefined || deadLetters === null) return [];
  if (typeof deadLetters === 'object') return statementsLater(group, deadLetters);
  const { place } = placeOfDeadLetters(String(deadLetters));
  if (place.at === 'table') return [];
  if (place.at === 's3') return bucketStatements(sub, place.bucket, `${place.prefix}${group}/`);
  const [account = '', queue = ''] = new URL(place.url).pathname.split('/').slice(-2);
  return [queueStatement(sub(`sqs:${place.region ?? REGION}:${account}:${queue}`))];
}

const sub = (rest: string): CloudFormation => ({ 'Fn::Sub': `arn:${PARTITION}:${rest}` });

function statementsLater(group: string, value: object): object[] {
  const { 'Fn::Sub': given } = value as { 'Fn::Sub'?: unknown };
  const [text, variables] = Array.isArray(given) ? given : [given];
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/s.exec(String(text ?? '')) ?? [];
  if (bucket === undefined) return [queueStatement(value)];
  const later = (rest: string): CloudFormation => {
    const arn = `arn:${PARTITION}:${rest}`;
    return { 'Fn::Sub': variables === undefined ? arn : [arn, variables] };
  };
  return bucketStatements(later, bucket, `${prefix && `${prefix}/`}${group}/`);
}

const bucketStatements = (
  arn: (rest: string) => CloudFormation,
  bucket: string,
  prefix: string,
): object[] => [
  {
    Sid: 'KeepDeadLetters',
    Effect: 'Allow',
    Action: OBJECTS,
    Resource: arn(`s3:::${bucket}/${prefix}*`),
  },
  // Without it S3 says of an object that is gone that it may not be read, where nothing tells a prefix for a condition to look at.
  { Sid: 'ListDeadLetters', Effect: 'Allow', Action: 's3:ListBucket', Resource: arn(`s3:::${bucket}`) },
];

const queueStatement = (resource: object): object => ({
  Sid: 'KeepDeadLetters',
  Effect: 'Allow',
  Action: MESSAGES,
  Resource: resource,
});
