import { SettingsError } from '../../lib/errors.ts';
import type { CloudFormation, GroupConfig, ProviderConfig, VpcConfig } from './config.ts';
import { deadLetterStatements } from './deadLetters.ts';
import { doorbellStatements, readDoorbell } from './doorbell.ts';

const ARN = /^arn:[^:]*:(?<service>[^:]*):[^:]*:[^:]*:(?<kind>secret|parameter)(?<rest>[:/].+)$/;
// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
const ACCOUNT = '${AWS::Region}:${AWS::AccountId}';
// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
const PARTITION = '${AWS::Partition}';

/**
 * What the function's role allows besides the items of the group and the log. Throws a SettingsError for what no policy could match.
 *
 * @param of.path where the group stands in serverless.yml
 */
export function statementsOf(
  of: { group: string; path: string },
  config: GroupConfig,
  provider: ProviderConfig,
): object[] {
  const source = config.sls ?? config.cls ?? {};
  const path = `${of.path}.${config.sls === undefined ? 'cls' : 'sls'}`;
  const vpc = vpcOf(config, provider);
  return [
    ...(source.secret == null
      ? []
      : [
          allow(
            'ReadItsSecret',
            'secretsmanager:GetSecretValue',
            secretArns(source.secret, `${path}.secret`),
          ),
        ]),
    ...(source.parameter == null
      ? []
      : [allow('ReadItsParameter', 'ssm:GetParameter', parameterArn(source.parameter, `${path}.parameter`))]),
    ...deadLetterStatements(of.group, config),
    ...(config.eventBus == null ? [] : [allow('TellEvents', 'events:PutEvents', busArn(config.eventBus))]),
    ...doorbellStatements(readDoorbell(config, of.path)),
    ...(vpc === undefined ? [] : [allow('BeInItsVpc', VPC_ACTIONS, '*')]),
    ...platformStatements(provider),
    ...(config.statements ?? []),
  ];
}

/** What the platform does in the name of any function. */
export const platformStatements = ({ tracing, kmsKeyArn }: ProviderConfig): object[] => [
  ...(tracing?.lambda ? [allow('Trace', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], '*')] : []),
  ...(kmsKeyArn == null ? [] : [allow('DecryptItsEnvironment', 'kms:Decrypt', kmsKeyArn)]),
];

/** Those of AWS's policy AWSLambdaVPCAccessExecutionRole, but for the log; they know no resources. */
const VPC_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** The network in which the function is: its own, or else the provider's; undefined for none. */
export function vpcOf({ vpc }: GroupConfig, provider: ProviderConfig): VpcConfig | undefined {
  if (vpc === false || vpc === null) return undefined;
  const merged = { ...provider.vpc, ...vpc };
  return Object.keys(merged).length === 0 ? undefined : merged;
}

const allow = (sid: string, action: string | readonly string[], resource: unknown): object => ({
  Sid: sid,
  Effect: 'Allow',
  Action: action,
  Resource: resource,
});

/**
 * The service adds a hyphen and six characters to a secret's name. An ARN may be given with them or without, and nothing tells which:
 * a name may end like that, too.
 */
function secretArns(secret: unknown, field: string): unknown {
  if (typeof secret === 'object') return secret;
  const id = String(secret).trim();
  if (!id.startsWith('arn:')) return inThisAccount(`secretsmanager:${ACCOUNT}:secret:${id}-??????`);
  checkArn(id, 'secretsmanager', 'secret', field);
  return [id, `${id}-??????`];
}

function parameterArn(parameter: unknown, field: string): unknown {
  const id = String(parameter).trim();
  if (!id.startsWith('arn:')) return inThisAccount(`ssm:${ACCOUNT}:parameter/${id.replace(/^\//, '')}`);
  checkArn(id, 'ssm', 'parameter', field);
  return id;
}

/** What is known only when it is deployed is the ARN; the settings have been checked. */
function busArn(bus: unknown): unknown {
  if (typeof bus === 'object') return bus;
  const id = String(bus).trim();
  return id.startsWith('arn:') ? id : inThisAccount(`events:${ACCOUNT}:event-bus/${id}`);
}

const inThisAccount = (rest: string): CloudFormation => ({ 'Fn::Sub': `arn:${PARTITION}:${rest}` });

function checkArn(arn: string, service: string, kind: string, field: string): void {
  const groups = ARN.exec(arn)?.groups;
  if (groups?.service === service && groups.kind === kind) return;
  const example =
    service === 'ssm'
      ? 'ssm:eu-west-1:123456789012:parameter/name'
      : 'secretsmanager:eu-west-1:123456789012:secret:name';
  throw new SettingsError(field, arn, `write a name, or an ARN such as arn:aws:${example}`);
}
