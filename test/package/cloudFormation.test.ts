import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { groupResources, type Resources, tableResource } from '../../infra/plugin/resources.ts';
import { readSettings } from '../../lib/config/settings.ts';
import { makeService } from '../bundling/service.ts';
import { makeSourcePackage } from '../support/sourcePackage.ts';
import { PACKAGING_MS_MAX, packageFiles } from './osls.ts';
import { only, statementsOf } from './template.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/cloudformation');
const COLD_START = join(import.meta.dirname, 'fixtures/coldStart.mjs');

/** The Framework's own reader of YAML, which knows CloudFormation's functions. */
const requireOfFramework = createRequire(join(ROOT, 'node_modules/serverless/package.json'));
const yaml = requireOfFramework('js-yaml') as { load(text: string, options: object): unknown };
const schema = requireOfFramework('./lib/utils/serverless-utils/cloudformation-schema.js') as object;

interface HandWritten {
  Parameters: Record<string, { Default: string }>;
  Resources: Resources;
}
const text = readFileSync(join(EXAMPLE, 'template.yml'), 'utf8');
const template = yaml.load(text, { schema }) as HandWritten;
/** With the parameters' defaults. */
const filled = JSON.parse(
  Object.entries(template.Parameters).reduce(
    (filling, [name, { Default }]) =>
      filling
        .replaceAll(JSON.stringify({ Ref: name }), JSON.stringify(Default))
        .replaceAll(`\${${name}}`, Default),
    JSON.stringify(template.Resources),
  ),
) as Resources;

/** Without what tells people what a resource is for, and as texts what has nothing to be filled in any more. */
const plain = (resources: unknown): unknown =>
  JSON.parse(
    JSON.stringify(resources, (key, value) => {
      const text = value?.['Fn::Sub'];
      return key === 'Description'
        ? undefined
        : typeof text === 'string' && !text.includes('${')
          ? text
          : value;
    }),
  );

describe('examples/cloudformation', () => {
  it('has the resources that the plugin makes', () => {
    const made = {
      ...tableResource({ name: 'shardbeat', tags: {}, isProtected: true }),
      ...groupResources({
        group: 'orders',
        ids: {
          function: 'ConsumeLambdaFunction',
          logGroup: 'ConsumeLogGroup',
          role: 'ConsumeRole',
          scheduleRole: 'ConsumeScheduleRole',
          schedule: 'ConsumeSchedule',
        },
        logGroupName: '',
        logRetentionInDays: 30,
        statements: [
          {
            Sid: 'ReadItsSecret',
            Effect: 'Allow',
            Action: 'secretsmanager:GetSecretValue',
            Resource: {
              // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
              'Fn::Sub': `${'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:'}shardbeat/sls-??????`,
            },
          },
        ],
        slots: ['consumer-0', 'consumer-1'],
        rate: 'rate(1 minute)',
        enabled: true,
        tags: {},
        roleProperties: {},
      }),
    };
    const { ConsumeLambdaFunction, ConsumeEventInvokeConfig, ...others } = filled;
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
    made.ConsumeLogGroup!.Properties.LogGroupName = { 'Fn::Sub': '/aws/lambda/${AWS::StackName}-consume' };
    expect(plain(others)).toEqual(plain(made));
    expect(ConsumeEventInvokeConfig!.Properties).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
    expect(ConsumeLambdaFunction!.Properties.Role).toEqual({ 'Fn::GetAtt': ['ConsumeRole', 'Arn'] });
  });

  it('refers to nothing that it has not', () => {
    const names = new Set([...Object.keys(template.Parameters), ...Object.keys(template.Resources)]);
    const used = [
      ...JSON.stringify(template.Resources).matchAll(/"(?:Ref":"|Fn::GetAtt":\[")([^"]+)"|\$\{([^}]+)\}/g),
    ];
    const missing = used
      .map(([, reference, inText]) => (reference ?? inText)!)
      .filter((name) => !names.has(name) && !name.startsWith('AWS::'));
    expect(used.length).toBeGreaterThan(15);
    expect(missing).toEqual([]);
  });

  it('tells the function what it can use, with as many slots as there are schedules', () => {
    const { Environment, Timeout } = filled.ConsumeLambdaFunction!.Properties as {
      Environment: { Variables: Record<string, unknown> };
      Timeout: number;
    };
    const settings = readSettings({
      ...(Environment.Variables as Record<string, string>),
      SHARDBEAT_TABLE: 'shardbeat',
    });
    expect(Environment.Variables.SHARDBEAT_TABLE).toEqual({ Ref: 'ShardbeatTable' });
    expect(settings).toMatchObject({ slots: ['consumer-0', 'consumer-1'], stream: 'sls://shop/orders' });
    expect(settings.times.functionTimeoutMs).toBe(Timeout * 1_000);
  });

  it('is built by its own command into a handler that starts', async () => {
    await using service = await makeService();
    const { scripts } = JSON.parse(readFileSync(join(EXAMPLE, 'package.json'), 'utf8'));
    await service.write({
      'build.sh': scripts.build,
      'src/handler.ts': readFileSync(join(EXAMPLE, 'src/handler.ts'), 'utf8'),
    });
    await makeSourcePackage(join(service.path, 'node_modules/shardbeat'));
    const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
    await promisify(execFile)('sh', ['build.sh'], { cwd: service.path, env: { PATH } });
    const { Variables } = (filled.ConsumeLambdaFunction!.Properties as { Environment: { Variables: object } })
      .Environment;
    const env = { ...Variables, SHARDBEAT_TABLE: 'shardbeat', AWS_REGION: 'eu-west-1' };
    const bundle = join(service.path, 'dist/handler.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [COLD_START, bundle], { env });
    expect(JSON.parse(stdout)).toMatchObject({ handler: 'function' });
  });
});

describe('the Framework by hand, as docs/deploy.md has it', () => {
  it('is packaged with the resources of the template', { timeout: PACKAGING_MS_MAX }, async () => {
    const section = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8').split('## By hand')[1]!;
    const written = /```yaml\n(.*?)```/s.exec(section)![1]!;
    const { ConsumeLambdaFunction, ConsumeEventInvokeConfig, ConsumeLogGroup, ...resources } = filled;
    await using packaged = await packageFiles({
      'serverless.yml': `service: shop\nprovider: { name: aws }\npackage: { patterns: ['!**', 'src/**'] }\n${written}`,
      'resources.yml': JSON.stringify({ Resources: resources }),
      'src/handler.mjs': '',
    });
    const made = only(packaged.template, 'AWS::Lambda::Function').Properties;
    expect(made.Role).toEqual({ 'Fn::GetAtt': ['ConsumeRole', 'Arn'] });
    expect(statementsOf(packaged.template, 'ConsumeRole')).toHaveLength(3);
    expect(readSettings({ ...made.Environment.Variables, SHARDBEAT_TABLE: 'shardbeat' })).toMatchObject({
      slots: ['consumer-0', 'consumer-1'],
      group: 'orders',
    });
    expect(ConsumeLambdaFunction).toBeDefined();
    expect(ConsumeEventInvokeConfig && ConsumeLogGroup).toBeDefined();
  });
});
