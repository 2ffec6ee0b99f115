/** IAM in small: what a request asks for, and whether the statements of a policy allow it. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation’s own.
import type { AwsRequestSeen } from '../support/awsService.ts';

export const ACCOUNT = '123456789012';

export interface Statement {
  Sid?: string;
  Effect: 'Allow';
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** One action on one resource, with what conditions look at. */
export interface Call {
  action: string;
  resource: string;
  context: Readonly<Record<string, readonly string[]>>;
}

/** As IAM decides: what no statement allows is denied. */
export function isAllowed(statements: readonly Statement[], call: Call): boolean {
  return statements.some(
    ({ Action, Resource, Condition = {} }) =>
      [Action].flat().some((action) => isLike(call.action, action)) &&
      [Resource].flat().some((resource) => isLike(call.resource, String(resource))) &&
      Object.entries(Condition).every(([operator, keys]) => {
        if (operator !== 'ForAllValues:StringLike') throw new Error(`${operator} is not known here`);
        return Object.entries(keys).every(([key, patterns]) =>
          (call.context[key] ?? []).every((value) =>
            [patterns].flat().some((pattern) => isLike(value, pattern)),
          ),
        );
      }),
  );
}

/** `*` stands for anything, `?` for one character. */
function isLike(value: string, pattern: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(value);
}

/** What a signed request asks for, by the service for which it is signed and what it says on the wire. */
export function callsIn(service: string, region: string, request: AwsRequestSeen): Call[] {
  const { headers, body } = request;
  const arn = (rest: string): string => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
  const operation = String(headers['x-amz-target'] ?? '').replace(/^.*\./, '');
  const input: Record<string, unknown> = operation === '' ? {} : JSON.parse(body.toString());
  const one = (action: string, resource: string, context: Call['context'] = {}): Call[] => [
    { action: `${service}:${action}`, resource, context },
  ];
  switch (service) {
    case 'dynamodb':
      // A transaction is no action: each of its writes is one.
      if (operation === 'TransactWriteItems')
        return (input.TransactItems as Record<string, Record<string, unknown>>[]).flatMap((item) => {
          const [[kind, of]] = Object.entries(item) as [[string, Record<string, unknown>]];
          return one(`${kind}Item`, arn(`table/${of.TableName}`), leadingKeys(of));
        });
      return one(operation, arn(`table/${input.TableName}`), leadingKeys(input));
    case 's3':
      return s3Call(request);
    case 'sqs': {
      const [account, queue] = new URL(String(input.QueueUrl)).pathname.split('/').slice(-2);
      return one(operation, `arn:aws:sqs:${region}:${account}:${queue}`);
    }
    case 'secretsmanager':
      // The service adds a hyphen and six characters to a secret's name.
      return one(operation, `${named(String(input.SecretId), arn('secret:'))}-AbCdEf`);
    case 'ssm':
      return one(operation, named(String(input.Name).replace(/^\//, ''), arn('parameter/')));
    case 'events':
      return (input.Entries as { EventBusName: string }[]).flatMap(({ EventBusName }) =>
        one(operation, named(EventBusName, arn('event-bus/'))),
      );
    case 'lambda': {
      const [, name = '', what] = /\/functions\/([^/]+)\/(\w+)$/.exec(request.path) ?? [];
      const action = what === 'invocations' ? 'InvokeFunction' : 'GetFunctionConfiguration';
      return one(action, named(name, arn('function:')));
    }
    case 'scheduler': {
      const [, name] = /^\/schedules\/(.+)$/.exec(request.path) ?? [];
      if (name === undefined) return one('ListSchedules', arn('schedule/*/*'));
      return one('GetSchedule', arn(`schedule/${request.query.get('groupName')}/${name}`));
    }
    default:
      throw new Error(`${service} is not known here`);
  }
}

const named = (nameOrArn: string, prefix: string): string =>
  nameOrArn.startsWith('arn:') ? nameOrArn : prefix + nameOrArn;

function s3Call({ method, path, query }: AwsRequestSeen): Call[] {
  const context = {};
  const resource = `arn:aws:s3:::${path.slice(1)}`;
  if (query.has('list-type')) return [{ action: 's3:ListBucket', resource: resource.slice(0, -1), context }];
  const action = { PUT: 's3:PutObject', DELETE: 's3:DeleteObject' }[method] ?? 's3:GetObject';
  return [{ action, resource, context }];
}

/** The partitions of which items are asked. */
function leadingKeys(input: Record<string, unknown>): Call['context'] {
  const { Key, KeyConditionExpression, ExpressionAttributeValues } = input as {
    Key?: { pk: { S: string } };
    KeyConditionExpression?: string;
    ExpressionAttributeValues?: Record<string, { S: string }>;
  };
  const placeholder = /\bpk = (:\w+)/.exec(KeyConditionExpression ?? '')?.[1] ?? '';
  const key = Key?.pk.S ?? ExpressionAttributeValues?.[placeholder]?.S;
  return key === undefined ? {} : { 'dynamodb:LeadingKeys': [key] };
}

/** A template's value as it is once it is deployed; `arns` of its resources by their logical ids. */
export function resolved(value: unknown, region: string, arns: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((entry) => resolved(entry, region, arns));
  if (typeof value !== 'object' || value === null) return value;
  const { 'Fn::Sub': text, 'Fn::GetAtt': attribute } = value as Record<string, unknown>;
  if (Array.isArray(attribute)) return arns[String(attribute[0])] ?? 'arn:of:another';
  if (typeof text === 'string') {
    return text
      .replaceAll('${AWS::Partition}', 'aws')
      .replaceAll('${AWS::Region}', region)
      .replaceAll('${AWS::AccountId}', ACCOUNT);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, resolved(inner, region, arns)]),
  );
}
