import { describe, expect, it } from 'vitest';
import type { GroupConfig, ProviderConfig } from '../../infra/plugin/config.ts';
import { SETTINGS } from '../../infra/plugin/environment.ts';
import { type Group, readGroup } from '../../infra/plugin/group.ts';
import { readGroups } from '../../infra/plugin/groups.ts';
import { checkCount, handlerOf } from '../../infra/plugin/limits.ts';
import { groupResources, protectionOf, tableResource } from '../../infra/plugin/resources.ts';
import schema from '../../infra/schema.json' with { type: 'json' };
import { readSettings } from '../../lib/config/settings.ts';
import { deriveTimes } from '../../lib/times.ts';

const sls = {
  endpoint: 'cn-hangzhou.log.aliyuncs.com',
  project: 'shop',
  logstore: 'orders',
  secret: 'shardbeat/sls',
};
const cls = { region: 'ap-guangzhou', logset: '1-1', topics: ['2-2', '3-3'], secret: 'shardbeat/cls' };
const minutes = Array.from({ length: 30 }, (_, index) => index + 1);

function read(config: Partial<GroupConfig> = {}, provider: ProviderConfig = {}, name = 'orders'): Group {
  const service = { prefix: 'shop-dev', table: 'shop-dev-shardbeat', provider };
  return readGroup(
    name,
    { module: 'src/orders.ts', ...(config.cls === undefined && { sls }), ...config },
    service,
  );
}

/** What the function would read. */
function settingsOf(config: Partial<GroupConfig>) {
  return readSettings(read(config).function.environment as Record<string, string>);
}

const inSchema =
  schema.properties.custom.properties.shardbeat.properties.groups.additionalProperties.properties;

describe('the schema', () => {
  it('has every setting of the function, under its name', () => {
    expect(Object.keys(inSchema)).toEqual(expect.arrayContaining([...SETTINGS.group]));
    expect(Object.keys(inSchema.sls.properties).sort()).toEqual([...SETTINGS.sls].sort());
    expect(Object.keys(inSchema.cls.properties).sort()).toEqual([...SETTINGS.cls].sort());
    expect(SETTINGS.group).toContain('shardsParallelMax');
    expect(SETTINGS.sls).toContain('accessKeyId');
  });

  it('offers what the function takes, and nothing that it has left behind', () => {
    const choices = (properties: object): [string, string[]][] =>
      Object.entries(properties).flatMap(([name, { enum: values }]) => (values ? [[name, values]] : []));
    const ofGroup = choices(inSchema).filter(([name]) => SETTINGS.group.includes(name));
    expect(ofGroup.map(([name]) => name)).toContain('coordination');
    for (const [name, values] of ofGroup) {
      for (const value of values) expect(read({ [name]: value }).warnings).toEqual([]);
      expect(() => read({ [name]: 'other' })).toThrow(`choose ${values.join(' or ')}`);
    }
    for (const [name, values] of choices(inSchema.sls.properties)) {
      for (const value of values) expect(read({ sls: { ...sls, [name]: value } }).warnings).toEqual([]);
    }
    for (const [name, values] of choices(inSchema.cls.properties)) {
      for (const value of values) expect(read({ cls: { ...cls, [name]: value } }).warnings).toEqual([]);
    }
  });
});

describe('a group', () => {
  it('is one slot a minute, named as it is written, unless more is said', () => {
    const { resources, function: made } = read();
    expect(resources).toMatchObject({
      group: 'orders',
      slots: ['consumer-0'],
      rate: 'rate(1 minute)',
      enabled: true,
    });
    expect(made).toMatchObject({ name: 'shop-dev-shardbeat-orders', timeout: 48, memorySize: 512 });
    expect(readSettings(made.environment as Record<string, string>)).toMatchObject({
      group: 'orders',
      table: 'shop-dev-shardbeat',
      slots: ['consumer-0'],
      stream: 'sls://shop/orders',
      times: deriveTimes(60_000),
    });
  });

  it.each(minutes)('agrees with the times that the function derives from %i minutes', (minute) => {
    const { function: made, resources } = read({ interval: `${minute}m` });
    const { times } = readSettings(made.environment as Record<string, string>);
    expect(times.intervalMs).toBe(minute * 60_000);
    expect(times.functionTimeoutMs).toBe(made.timeout * 1_000);
    // osls allows no more than 15 minutes, whatever the interval is.
    expect(made.timeout).toBe(Math.min(deriveTimes(minute * 60_000).functionTimeoutMs / 1_000, 900));
    expect(resources.rate).toBe(minute === 1 ? 'rate(1 minute)' : `rate(${minute} minutes)`);
  });

  it('tells the function which slots have a schedule', () => {
    expect(settingsOf({ slots: 3 }).slots).toEqual(read({ slots: 3 }).resources.slots);
    expect(read({ slots: '400' }).resources.slots).toHaveLength(400);
  });

  it('has one schedule for all, and a starter of its own, where it has a least and a greatest number', () => {
    expect(settingsOf({ slots: { min: 2, max: 600 } })).toMatchObject({ slotsMin: 2 });
    expect(settingsOf({ slots: { max: '40' } })).toMatchObject({ slotsMin: 1 });
    expect(settingsOf({ slots: { min: 600, max: 600 } })).toMatchObject({ slotsMin: undefined });
    expect(read({ slots: 2 }).starter).toBeUndefined();
    const { starter, function: consumer } = read({ slots: { max: 40 }, architecture: 'arm64' });
    expect(starter).toMatchObject({
      functionKey: 'shardbeat-orders-starter',
      function: {
        name: 'shop-dev-shardbeat-orders-starter',
        architecture: 'arm64',
        runtime: consumer.runtime,
      },
      resources: { scales: true, group: 'orders' },
    });
  });

  it.each([
    [{ min: 2 }, 'groups.orders.slots.max: missing'],
    [{ min: 3, max: 2 }, 'groups.orders.slots: "3-2" cannot be used'],
    [{ max: 1_001 }, 'groups.orders.slots: "1-1001" cannot be used'],
    [401, 'groups.orders.slots: 401 cannot be used: write a whole number from 1 to 400, or min and max'],
  ])('refuses the slots %j', (slots, said) => {
    expect(() => read({ slots })).toThrow(said);
  });

  it('refuses a number that follows the load where the log service assigns the shards', () => {
    const service = { coordination: 'service' };
    expect(() => read({ ...service, slots: { max: 2 } })).toThrow(
      'groups.orders.slots: "1-2" cannot be used: where the log service',
    );
    expect(read({ ...service, slots: { min: 2, max: 2 } }).starter).toBeDefined();
  });

  it('may not have the name of the starter of another one', () => {
    const group = { module: 'src/orders.ts', sls };
    const groups = { orders: { ...group, slots: { max: 2 } }, 'orders-starter': group };
    const service = { prefix: 'shop-dev', table: 't', provider: {} };
    expect(() => readGroups(groups, service)).toThrow('groups.orders makes a function of this name already');
  });

  it('takes what YAML makes a number or a truth value by its text, and lists with commas', () => {
    const settings = settingsOf({
      group: 42,
      order: false,
      batchesMax: 7,
      start: 1_700_000_000,
      sls: { ...sls, project: 12345, logstore: ['b', 2026] },
    });
    expect(settings).toMatchObject({
      group: '42',
      order: false,
      batchesMax: 7,
      start: { at: 'time', unixMs: 1_700_000_000_000 },
      stream: 'sls://12345/2026,b',
    });
    expect(settingsOf({ cls })).toMatchObject({ stream: 'cls://1-1/2-2,3-3' });
  });

  it('leaves out white space, line ends and byte order marks around values, and what is empty', () => {
    const written = { ...sls, region: ' cn-hangzhou\r\n', project: '\uFEFFshop', securityToken: ' ' };
    const { environment } = read({ sls: written }).function;
    expect(environment).toMatchObject({ SHARDBEAT_SLS_REGION: 'cn-hangzhou', SHARDBEAT_SLS_PROJECT: 'shop' });
    expect(environment).not.toHaveProperty('SHARDBEAT_SLS_SECURITY_TOKEN');
  });

  it('has the runtime of the service, unless that is none for it', () => {
    const runtimeFor = (runtime?: string): string =>
      read({}, runtime === undefined ? {} : { runtime }).function.runtime;
    expect(['nodejs22.x', 'nodejs24.x', 'nodejs20.x', 'python3.13', undefined].map(runtimeFor)).toEqual([
      'nodejs22.x',
      'nodejs24.x',
      'nodejs24.x',
      'nodejs24.x',
      'nodejs24.x',
    ]);
  });

  it('sets no options of Node, which would have it read the map at every cold start, and keeps those of others', () => {
    expect(read().function.environment).not.toHaveProperty('NODE_OPTIONS');
    const NODE_OPTIONS = '--max-old-space-size=400';
    expect(read({}, { environment: { NODE_OPTIONS } }).function.environment).not.toHaveProperty(
      'NODE_OPTIONS',
    );
    expect(read({ environment: { NODE_OPTIONS } }).function.environment).toMatchObject({ NODE_OPTIONS });
  });

  it('leaves out a variable that is null, and takes others by their text', () => {
    const environment = { NONE: null, ZERO: 0, HALF: 0.5, EMPTY: '', NAME: { Ref: 'Name' } };
    expect(read({ environment }).function.environment).toMatchObject({
      ZERO: '0',
      HALF: '0.5',
      EMPTY: '',
      NAME: { Ref: 'Name' },
    });
    expect(read({ environment }).function.environment).not.toHaveProperty('NONE');
  });

  it('warns of an end that has passed for a group that begins at the end, which one that has begun may have', () => {
    const end = '2026-01-01T00:00:00Z';
    expect(read({ start: 'end', end }).warnings).toEqual([
      'groups.orders.end: it has passed, and a group that is new begins at the end: it would read nothing',
    ]);
    expect(read({ start: 'begin', end }).warnings).toEqual([]);
    expect(read({ start: 'end', end: '2286-01-01T00:00:00Z' }).warnings).toEqual([]);
    expect(read({ start: 'end' }).warnings).toEqual([]);
  });

  it('warns of a key that anybody can read, and of settings that nobody reads', () => {
    const { secret: _, ...rest } = sls;
    const open = { ...rest, accessKeyId: 'LTAI5tExample', accessKeySecret: 'example-of-a-secret' };
    expect(read({ sls: open }).warnings.join()).toMatch(
      /^groups\.orders\.sls\.accessKeySecret: it stands in the template/,
    );
    expect(read({}, { environment: { SHARDBEAT_STRAT: 'end' } }).warnings).toEqual([
      'SHARDBEAT_STRAT: there is no such setting; SHARDBEAT_START is one',
    ]);
  });
});

describe('a group that lingers', () => {
  const timesOf = (config: Partial<GroupConfig>) => {
    const { function: deployed } = read(config);
    return [
      deployed.timeout,
      deployed.environment.SHARDBEAT_FUNCTION_TIMEOUT,
      deployed.environment.SHARDBEAT_LINGER,
    ];
  };

  it('as long as it may has the longest timeout that ends before the next tick', () => {
    expect(timesOf({ linger: 'max' })).toEqual([56, '56s', 'max']);
    expect(timesOf({ linger: 'max', interval: '5m' })).toEqual([294, '294s', 'max']);
    expect(timesOf({ linger: 'max', interval: '30m' })).toEqual([900, '15m', 'max']);
  });

  it('has another one if that is set, and the usual one for a duration', () => {
    expect(timesOf({ linger: 'max', timeout: 30 })).toEqual([30, '30s', 'max']);
    expect(timesOf({ linger: '20s' })).toEqual([48, '48s', '20s']);
  });
});

describe('a group is refused when it is packaged', () => {
  const refused: [string, Partial<GroupConfig>, string][] = [
    ['no slot', { slots: 0 }, 'groups.orders.slots: 0 cannot be used: write a whole number from 1 to 400'],
    ['too many slots', { slots: 401 }, 'groups.orders.slots: 401'],
    ['half a slot', { slots: 1.5 }, 'groups.orders.slots: 1.5'],
    [
      'seconds',
      { interval: '90s' },
      'groups.orders.interval: "90s" cannot be used: schedules start at whole minutes',
    ],
    ['an hour', { interval: '1h' }, 'groups.orders.interval: "1h"'],
    [
      'a bare number',
      { interval: 5 },
      'groups.orders.interval: "5" cannot be used: write a number and a unit',
    ],
    ['a timeout over the interval', { timeout: 60 }, 'groups.orders.timeout: "1m"'],
    [
      'a linger beyond what the timeout allows',
      { linger: '46s' },
      'groups.orders.linger: "46s" cannot be used: choose off, max, or a duration from 1s to 45s: the function\'s timeout is 48s',
    ],
    ['a linger that is neither', { linger: 'always' }, 'groups.orders.linger: "always" cannot be used'],
    ['a pull interval without a unit', { pullInterval: 0 }, 'groups.orders.pullInterval: "0" cannot be used'],
    [
      'an end before the start',
      { start: '2026-02-01T00:00:00Z', end: '2026-01-01T00:00:00Z' },
      'groups.orders.end: "2026-01-01T00:00:00Z" cannot be used: there is nothing to read: choose a time after start',
    ],
    [
      'a number that YAML has changed',
      { sls: { ...sls, accessKeyId: 1e30 } },
      'groups.orders.sls.accessKeyId: ',
    ],
    [
      'white space within a key',
      { sls: { ...sls, secret: null, accessKeyId: 'LTAI x', accessKeySecret: 's' } },
      'groups.orders.sls.accessKeyId: ',
    ],
    [
      'a region with white space',
      { sls: { ...sls, region: 'cn hangzhou' } },
      'groups.orders.sls.region: "cn hangzhou"',
    ],
    ['no project', { sls: { ...sls, project: '' } }, 'groups.orders.sls.project: '],
    ['a key and a secret', { sls: { ...sls, accessKeyId: 'LTAI' } }, 'groups.orders.sls.accessKeyId: '],
    ['two sources', { sls, cls }, 'groups.orders: "sls and cls" cannot be used: say under sls or cls'],
    [
      'an ARN of something else',
      { sls: { ...sls, secret: 'arn:aws:s3:::bucket' } },
      'groups.orders.sls.secret: ',
    ],
    [
      'an ARN of something else of the same service',
      { sls: { ...sls, secret: null, parameter: 'arn:aws:ssm:eu-west-1:123456789012:document/sls' } },
      'groups.orders.sls.parameter: ',
    ],
    [
      'an ARN of what the other service keeps',
      { sls: { ...sls, secret: 'arn:aws:ssm:eu-west-1:123456789012:parameter/sls' } },
      'groups.orders.sls.secret: ',
    ],
    [
      'a setting as a variable',
      { environment: { SHARDBEAT_START: 'end' } },
      'groups.orders.environment.SHARDBEAT_START',
    ],
    [
      'a variable that Lambda would not take',
      { environment: { 'the-hosts': 'a' } },
      'groups.orders.environment.the-hosts: "the-hosts" cannot be used: Lambda takes two or more letters',
    ],
    [
      'a list as a variable',
      { environment: { HOSTS: ['a'] } },
      'groups.orders.environment.HOSTS: "(a list)" cannot be used: write a text',
    ],
    [
      'a variable that YAML has changed',
      { environment: { ACCOUNT: 2 ** 64 } },
      'groups.orders.environment.ACCOUNT: 18446744073709552000 cannot be used: put it in quotes',
    ],
    [
      'an old runtime',
      { runtime: 'nodejs20.x' },
      'groups.orders.runtime: "nodejs20.x" cannot be used: choose nodejs22.x',
    ],
  ];
  it.each(refused)('for %s', (_what, config, message) => {
    let told = '';
    try {
      read(config);
    } catch (error) {
      told = (error as Error).message;
    }
    expect(told).toContain(message);
    expect(told).not.toContain('SHARDBEAT_PULL');
  });

  it('for no source', () => {
    const service = { prefix: 'shop-dev', table: 'table', provider: {} };
    expect(() => readGroup('orders', { module: 'a.ts' }, service)).toThrow(
      'groups.orders: missing; say under sls or cls',
    );
  });

  it('for more than 4 kB of environment, with the largest named', () => {
    const environment = { LIST: 'x'.repeat(2_000), RULES: 'é'.repeat(1_000), SMALL: 'y' };
    const reading = () => read({ environment }, { environment: { SHARED: 'z'.repeat(100) } });
    expect(reading).toThrow(
      /^groups\.orders\.environment: "\d+ bytes" cannot be used: Lambda takes 4096 bytes/,
    );
    expect(reading).toThrow(/shorten the largest, RULES \(2005\), LIST \(2004\), SHARED \(106\)$/);
  });

  it('for one byte more than that', () => {
    const bytesOf = (environment: object): number =>
      Object.entries(environment).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    const room = 4_096 - bytesOf(read().function.environment) - 'AB'.length;
    expect(bytesOf(read({ environment: { AB: 'x'.repeat(room) } }).function.environment)).toBe(4_096);
    expect(() => read({ environment: { AB: 'x'.repeat(room + 1) } })).toThrow('"4097 bytes" cannot be used');
  });

  it('for a name that makes the function’s too long, with what to do', () => {
    const name = 'a-group-with-a-name-that-goes-on-and-on-and-on';
    expect(() => read({}, {}, name)).toThrow(
      /the function would be called shop-dev-shardbeat-a-group.*write a shorter name here, and the group's under group/,
    );
    expect(read({ group: name }, {}, 'short').resources.group).toBe(name);
  });
});

describe('a group takes from the service what it does not say itself', () => {
  const provider: ProviderConfig = {
    memorySize: 256,
    architecture: 'arm64',
    logRetentionInDays: 7,
    tags: { team: 'shop', stage: 'dev' },
  };

  it('as memory, architecture, retention and tags', () => {
    const { function: made, resources, bundle } = read({}, provider);
    expect(made.memorySize).toBe(256);
    expect(bundle.target).toEqual({ architecture: 'arm64', system: 'linux', nodeMajor: 24 });
    expect(resources).toMatchObject({ logRetentionInDays: 7, tags: provider.tags, enabled: true });
  });

  it('and its own goes before', () => {
    const own = {
      memorySize: 1024,
      architecture: 'x86_64',
      logRetentionInDays: 1,
      tags: { stage: 'prod' },
      layers: ['arn:aws:lambda:eu-west-1:123456789012:layer:own:1'],
      enabled: false,
    } as const;
    const { function: made, resources, bundle } = read(own, provider);
    expect(made).toMatchObject({
      memorySize: 1024,
      architecture: 'x86_64',
      tags: own.tags,
      layers: own.layers,
    });
    expect(bundle.target.architecture).toBe('x86_64');
    expect(resources).toMatchObject({
      logRetentionInDays: 1,
      tags: { team: 'shop', stage: 'prod' },
      enabled: false,
    });
  });

  it('as the parts of a network that it leaves out', () => {
    const vpc = { securityGroupIds: ['sg-1'], subnetIds: ['subnet-1'] };
    expect(read({ vpc: { subnetIds: ['subnet-2'] } }, { vpc }).vpc).toEqual({
      ...vpc,
      subnetIds: ['subnet-2'],
    });
  });

  it('but no setting that follows from its own', () => {
    const environment = { SHARDBEAT_INTERVAL: 'never', SHARDBEAT_GROUP: '?' };
    expect(read({}, { environment }).warnings).toEqual([]);
  });

  it('as what an account demands of roles, under its older names, too', () => {
    const boundary = 'arn:aws:iam::123456789012:policy/boundary';
    for (const older of [
      { rolePermissionsBoundary: boundary },
      { iam: { role: { permissionBoundary: boundary } } },
    ])
      expect(read({}, older).resources.roleProperties).toEqual({ PermissionsBoundary: boundary });
  });

  it('and all of it is in the resources', () => {
    const ids = { function: 'F', logGroup: 'L', role: 'R', scheduleRole: 'SR', schedule: 'S' };
    const iam = { role: { path: '/apps/' } };
    const { resources } = read({ enabled: false }, { ...provider, iam });
    const made = groupResources({ ...resources, ids, logGroupName: '/aws/lambda/f' });
    const Tags = [
      { Key: 'team', Value: 'shop' },
      { Key: 'stage', Value: 'dev' },
    ];
    expect(made.L!.Properties).toEqual({ LogGroupName: '/aws/lambda/f', RetentionInDays: 7, Tags });
    for (const role of [made.R, made.SR]) expect(role!.Properties).toMatchObject({ Path: '/apps/', Tags });
    expect(made.S0!.Properties).toMatchObject({ State: 'DISABLED' });
  });
});

describe('the table of a stage', () => {
  it.each(['prod', 'production', 'staging', 'v1', 'live', 'devon', 'eu-west-1', 'latest'])(
    'called %s is protected, unless it is said that it is not',
    (stage) => {
      expect(protectionOf(stage, undefined)).toBe(true);
      expect(protectionOf(stage, false)).toBe(false);
    },
  );

  it.each(['dev', 'Dev', 'dev2', 'alice-dev', 'test', 'pr-7', 'preview_12', 'ci', 'sandbox.bob'])(
    'called %s is protected only if it is said',
    (stage) => {
      expect(protectionOf(stage, undefined)).toBeUndefined();
      expect(protectionOf(stage, true)).toBe(true);
    },
  );

  it.each([
    [true, 'Retain'],
    [false, 'RetainExceptOnCreate'],
    [undefined, 'RetainExceptOnCreate'],
  ])('outlives its stack, protected or not: %s', (isProtected, DeletionPolicy) => {
    const { ShardbeatTable } = tableResource({ name: 'table', tags: {}, isProtected });
    expect(ShardbeatTable).toMatchObject({ DeletionPolicy, UpdateReplacePolicy: 'Retain' });
    expect(ShardbeatTable!.Properties.DeletionProtectionEnabled).toBe(isProtected);
  });
});

describe('two groups', () => {
  const service = { prefix: 'shop-dev', table: 'table', provider: {} };
  const module = 'a.ts';

  it('are read under their names', () => {
    const groups = readGroups({ orders: { module, sls }, Bills: { module, cls } }, service);
    expect(groups.map(({ functionKey }) => functionKey)).toEqual(['shardbeat-orders', 'shardbeat-Bills']);
  });

  it('of one name in the table are refused, since their slots would shut each other out', () => {
    expect(() =>
      readGroups({ orders: { module, sls }, bills: { module, cls, group: ' orders' } }, service),
    ).toThrow(
      'groups.bills.group: "orders" cannot be used: groups.orders.group consumes under this name already',
    );
  });

  it('that differ in capital letters only are refused, since their archives might be one', () => {
    expect(() => readGroups({ orders: { module, sls }, Orders: { module, cls } }, service)).toThrow(
      'groups.Orders: "orders" cannot be used: groups.orders differs in capital letters only',
    );
  });
});

describe('what Lambda and CloudFormation take', () => {
  const folder = (characters: number): string => 'a'.repeat(characters - '/handler.handler'.length);

  it.each(['handler.mjs', 'src/v1.2/handler.mjs', 'src/größe/handler.mjs', `${folder(128)}/handler.mjs`])(
    'is the entry %s',
    (file) => expect(handlerOf(file, 'a.ts', 'module')).toBe(file.replace('.mjs', '.handler')),
  );

  it.each(['a folder/handler.mjs', `${folder(129)}/handler.mjs`])('is not the entry %s', (file) => {
    expect(() => handlerOf(file, 'a.ts', 'groups.orders.module')).toThrow(
      'groups.orders.module: "a.ts" cannot be used: Lambda takes 128 characters without white space',
    );
  });

  it('is a stack of 500 resources, and no more', () => {
    const resources = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`R${index}`, {}]));
    checkCount(resources, 400);
    expect(() => checkCount({ ...resources, More: {} }, 400)).toThrow(
      'resources: "501 resources" cannot be used: a stack holds 500, and 400 of these are slots',
    );
  });
});

describe('what the role allows', () => {
  /** Those of its statements that are not about the table and the log. */
  const statementsOf = (config: Partial<GroupConfig>, provider: ProviderConfig = {}): object[] =>
    read(config, provider).resources.statements.map((statement) => {
      const { Sid: _sid, Effect, ...rest } = statement as { Sid?: string; Effect: string };
      expect(Effect).toBe('Allow');
      return rest;
    });
  const secret = (resource: unknown) => ({ Action: 'secretsmanager:GetSecretValue', Resource: resource });
  const sub = (rest: string) => ({ 'Fn::Sub': `\${${'AWS::Partition'}}:${rest}`.replace(/^/, 'arn:') });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
  const account = '${AWS::Region}:${AWS::AccountId}';
  const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shardbeat/sls';

  it('is to read the secret that is named', () => {
    expect(statementsOf({})).toEqual([secret(sub(`secretsmanager:${account}:secret:shardbeat/sls-??????`))]);
  });

  it.each([arn, `${arn}-AbCdEf`])('is to read the secret %s, with its six characters or without', (given) => {
    expect(statementsOf({ sls: { ...sls, secret: given } })).toEqual([secret([given, `${given}-??????`])]);
  });

  it('is to read a secret of the same stack, which the function is told by its ARN', () => {
    const reference = { Ref: 'SlsSecret' };
    const { resources, function: made } = read({ sls: { ...sls, secret: reference } });
    expect(resources.statements).toMatchObject([secret(reference)]);
    expect(made.environment.SHARDBEAT_SLS_SECRET).toEqual(reference);
  });

  it.each([
    ['shardbeat-sls', sub(`ssm:${account}:parameter/shardbeat-sls`)],
    ['/shop/sls', sub(`ssm:${account}:parameter/shop/sls`)],
    ['arn:aws:ssm:eu-west-1:123456789012:parameter/sls', 'arn:aws:ssm:eu-west-1:123456789012:parameter/sls'],
  ])('is to read the parameter %s', (parameter, Resource) => {
    const { secret: _, ...rest } = sls;
    expect(statementsOf({ sls: { ...rest, parameter } })).toEqual([{ Action: 'ssm:GetParameter', Resource }]);
  });

  it('is to tell the bus that is named, and no other', () => {
    const busArn = 'arn:aws:events:eu-west-1:123456789012:event-bus/shop';
    const tell = (Resource: unknown) => ({ Action: 'events:PutEvents', Resource });
    expect(statementsOf({ eventBus: 'shop' })).toContainEqual(tell(sub(`events:${account}:event-bus/shop`)));
    expect(statementsOf({ eventBus: busArn })).toContainEqual(tell(busArn));
    const later = { 'Fn::GetAtt': ['Bus', 'Arn'] };
    expect(statementsOf({ eventBus: later })).toContainEqual(tell(later));
    expect(read({ eventBus: later }).function.environment.SHARDBEAT_EVENT_BUS).toEqual(later);
    expect(() => read({ eventBus: 'no bus' })).toThrow(
      'eventBus: "no bus" cannot be used: write the name of a bus',
    );
  });

  it('is to be in a network only where there is one', () => {
    const vpc = { securityGroupIds: ['sg-1'], subnetIds: ['subnet-1'] };
    const isInNetwork = (config: Partial<GroupConfig>, provider: ProviderConfig): boolean =>
      JSON.stringify(statementsOf(config, provider)).includes('ec2:CreateNetworkInterface');
    expect(isInNetwork({}, {})).toBe(false);
    expect(isInNetwork({}, { vpc })).toBe(true);
    expect(isInNetwork({ vpc }, {})).toBe(true);
    expect(isInNetwork({ vpc: false }, { vpc })).toBe(false);
    expect(read({ vpc: false }, { vpc }).vpc).toBeUndefined();
  });

  it('follows the service’s tracing and key, and what the user adds', () => {
    const kmsKeyArn = 'arn:aws:kms:eu-west-1:123456789012:key/1';
    const own = { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::orders/*' };
    const statements = statementsOf({ statements: [own] }, { kmsKeyArn, tracing: { lambda: true } });
    expect(statements.slice(1)).toEqual([
      { Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], Resource: '*' },
      { Action: 'kms:Decrypt', Resource: kmsKeyArn },
      { Action: 's3:PutObject', Resource: 'arn:aws:s3:::orders/*' },
    ]);
  });

  it('stays within what the account demands of roles', () => {
    const iam = {
      role: { path: '/apps/', permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary' },
    };
    expect(read({}, { iam }).resources.roleProperties).toEqual({
      Path: '/apps/',
      PermissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
    });
  });
});
