/** What is found of given facts. */
import { describe, expect, it } from 'vitest';
import { diagnose, exitCodeOf, formatFindings } from '../../cli/doctor/diagnose.ts';
import type { Facts, Finding, SettingsFacts } from '../../cli/doctor/facts.ts';
import type { DeployedFunction, DeployedSchedule, Description, TableShape } from '../../lib/examine.ts';
import type { Wait } from '../../lib/operations.ts';

const MINUTE_MS = 60_000;

const SETTINGS: SettingsFacts = {
  intervalMs: MINUTE_MS,
  functionTimeoutMs: 48_000,
  sessionTimeoutMs: 2 * MINUTE_MS,
  slots: ['consumer-0', 'consumer-1'],
  warnings: [],
  disagreements: [],
};
const TABLE: TableShape = {
  status: 'ACTIVE',
  keys: ['pk S', 'sk S'],
  units: undefined,
  deletionProtection: true,
  regions: undefined,
};
const FUNCTION: DeployedFunction = {
  arn: 'arn:aws:lambda:eu-west-1:123456789012:function:f',
  runtime: 'nodejs24.x',
  timeoutMs: 48_000,
  memoryMb: 512,
  state: 'Active',
  lastUpdate: 'Successful',
  environment: { SHARDBEAT_GROUP: 'orders' },
};
const schedule = (slot: string | undefined, more: Partial<DeployedSchedule> = {}): DeployedSchedule => ({
  name: `schedule-of-${slot}`,
  enabled: true,
  expression: 'rate(1 minute)',
  slot,
  retriesMax: 0,
  ...more,
});
const SCHEDULES = [schedule('consumer-0'), schedule('consumer-1')];
const describing = (status: Description['status'], live: Record<string, boolean>): Description =>
  ({
    status,
    group: status === 'absent' ? undefined : { settings: { intervalMs: MINUTE_MS } },
    consumers: Object.entries(live).map(([slot, live]) => ({ slot, live })),
    shards: [{ shard: '0' }],
  }) as unknown as Description;

const waiting = (...waits: (Wait | undefined)[]): Description => ({
  ...describing('running', { 'consumer-0': true, 'consumer-1': true }),
  shards: waits.map((wait, index) => ({ shard: String(index), waits: wait })) as Description['shards'],
});

const WELL: Facts = {
  group: 'orders',
  place: 'table shop in eu-west-1',
  isLocal: false,
  versions: { shardbeat: '1.2.3', node: '24.1.0' },
  settingsOf: 'the function',
  settings: { value: SETTINGS },
  packaged: undefined,
  table: { value: TABLE },
  timeToLive: { value: undefined },
  backups: { value: true },
  rights: [
    { action: 'dynamodb:GetItem', problem: undefined },
    { action: 'dynamodb:UpdateItem', problem: undefined },
  ],
  skewMs: 0,
  description: { value: describing('running', { 'consumer-0': true, 'consumer-1': true }) },
  replay: { value: undefined },
  stream: { value: { listed: 4, failed: [], asked: 4, retentionError: undefined } },
  function: { value: FUNCTION },
  schedules: { value: SCHEDULES },
};

/** Slots whose number follows the load, which one schedule starts. */
const SLOTS = Array.from({ length: 40 }, (_, index) => `consumer-${index}`);
const scaled = (live: number, wanted: number | undefined, ...more: DeployedSchedule[]): Partial<Facts> => {
  const description = describing(
    'running',
    Object.fromEntries(SLOTS.slice(0, live).map((slot) => [slot, true])),
  );
  const scale = wanted && { slots: wanted, lowered: false, calmIntervals: 10 };
  return {
    settings: { value: { ...SETTINGS, slots: SLOTS, slotsMin: 2 } },
    description: { value: { ...description, group: { ...description.group, scale } } as Description },
    schedules: { value: [schedule(undefined, { ofStarter: true }), ...more] },
  };
};

const bad = (facts: Partial<Facts>): Finding[] =>
  diagnose({ ...WELL, ...facts }).filter(({ level }) => level !== 'ok');
const brief = (facts: Partial<Facts>): string[] =>
  bad(facts).map(({ level, about, says }) => `${level} ${about}: ${says}`);
const problem = (code: string, message = 'm') => ({ problem: { code, message } });
const withRight = (code: string, message = 'm') => ({
  rights: [{ action: 'dynamodb:UpdateItem' as const, problem: { code, message } }],
});
const ofFunction = (more: Partial<DeployedFunction>) => ({ function: { value: { ...FUNCTION, ...more } } });
const ofTable = (more: Partial<TableShape>) => ({ table: { value: { ...TABLE, ...more } } });
const ofSettings = (more: Partial<SettingsFacts>) => ({ settings: { value: { ...SETTINGS, ...more } } });
const ofSchedules = (...value: DeployedSchedule[]) => ({ schedules: { value } });

describe('a group with which all is well', () => {
  it('has nothing but what is right', () => {
    expect(bad({})).toEqual([]);
    expect(diagnose(WELL).map(({ about }) => about)).toEqual([
      'versions',
      'settings',
      'credentials',
      'rights',
      'clock',
      'table',
      'time to live',
      'backups',
      'slots',
      'log service',
      'function',
      'environment',
      'schedules',
    ]);
  });
});

describe('each of these is found', () => {
  it.each<[Partial<Facts>, string[]]>([
    [{ versions: { shardbeat: '1.2.3', node: '20.1.0' } }, ['error versions: shardbeat 1.2.3, Node 20.1.0']],
    [
      { settings: problem('SettingsError', 'SHARDBEAT_INTERVAL: 1x') },
      ['error settings: the function: SHARDBEAT_INTERVAL: 1x'],
    ],
    [
      ofSettings({ warnings: ['SHARDBEAT_SLOT: no'] }),
      ['warning settings: the function: SHARDBEAT_SLOT: no'],
    ],
    [ofSettings({ disagreements: ['order: a'] }), ['error settings: the function: order: a']],
    [withRight('CredentialsProviderError'), ['error credentials: there are none for AWS: m']],
    [withRight('ExpiredTokenException'), ['error credentials: AWS does not take them: m']],
    [withRight('Error', 'Region is missing'), ['error region: Region is missing']],
    [withRight('RequestTimeTooSkewed'), ['error clock: AWS does not take it: m']],
    [withRight('ResourceNotFoundException'), ['error table: table shop in eu-west-1: m']],
    [
      withRight('TimeoutError'),
      ['error reachability: DynamoDB does not answer as it should: TimeoutError: m'],
    ],
    [
      withRight('AccessDeniedException'),
      ['note rights: you may look, and change nothing; refused to you: dynamodb:UpdateItem'],
    ],
    [
      { rights: [{ action: 'dynamodb:Query', ...problem('AccessDeniedException') }] },
      ['error rights: these are refused to you: dynamodb:Query'],
    ],
    [{ skewMs: 5_001 }, ["warning clock: this machine's is 5 s behind the table's"]],
    [{ skewMs: -300_000 }, ["error clock: this machine's is 300 s ahead of the table's"]],
    [ofTable({ keys: ['id S'] }), ['error table: its keys are id S']],
    [ofTable({ status: 'CREATING' }), ['error table: it is CREATING']],
    [
      ofTable({ units: { read: 5, write: 2 } }),
      ['warning table: it has 2 write and 5 read units, beyond which it throttles'],
    ],
    [
      ofTable({ deletionProtection: false }),
      ['note table: whoever has the right may delete it, with all checkpoints'],
    ],
    [
      ofTable({ regions: { replicas: ['eu-west-1', 'eu-west-3'], isStrong: false } }),
      [
        'warning regions: the table is in eu-west-1, eu-west-3, and a region may write what another one does not know of yet: two of them would have the same shard',
      ],
    ],
    [ofTable({ regions: { replicas: ['eu-west-1', 'eu-west-3'], isStrong: true } }), []],
    [{ table: problem('AccessDeniedException') }, ['unknown table: m']],
    [
      { timeToLive: { value: 'expiresAt' } },
      [
        'error time to live: the table deletes items by their attribute expiresAt, which could be a checkpoint',
      ],
    ],
    [{ backups: { value: false } }, ['warning backups: the table cannot be restored as it was']],
    [{ description: { value: describing('absent', {}) } }, ['warning group: the table has no such group']],
    [
      { description: { problem: { code: 'TimeoutError', message: 'the table did not answer' } } },
      ['error group: the table did not answer'],
    ],
    [{ description: { problem: { code: 'AccessDeniedException', message: 'no' } } }, ['unknown group: no']],
    [
      { replay: { value: { begunAt: Date.parse('2026-01-31T12:00:00Z'), until: 0 } } },
      ['note replay: one that was begun at 2026-01-31T12:00:00Z was killed, and has left items in the table'],
    ],
    [{ replay: { value: { begunAt: 1, until: 2 } } }, []],
    [
      { description: { value: describing('paused', { 'consumer-0': true, 'consumer-1': true }) } },
      ['note group: it is paused'],
    ],
    [
      {
        description: {
          value: waiting(
            { for: 'success', records: 1, message: 'Error: the database\nis away' },
            undefined,
            { for: 'success', records: 2, message: undefined },
            { for: 'attempt', notBefore: 0, attempts: 1, message: 'Error: once' },
          ),
        },
      },
      [
        'error shards: 2 of 4 wait until your function succeeds with anything: 0, 2; at last it threw Error: the database is away',
      ],
    ],
    [
      {
        description: {
          value: waiting(
            { for: 'resume', of: 'shard' },
            { for: 'listing', since: 0 },
            { for: 'parents', shards: ['0'] },
          ),
        },
      },
      [
        'warning shards: the log service does not list 1 any more, with records left',
        'note shards: paused: 0',
      ],
    ],
    [
      { description: { value: describing('running', { 'consumer-0': true }) } },
      ['error slots: these slots do not tick: consumer-1'],
    ],
    [{ description: { value: describing('idle', {}) } }, ['error slots: no slot ticks']],
    [{ stream: undefined }, ['unknown log service: nobody here can ask it']],
    [
      { stream: problem('SignatureNotMatch', '401 SignatureNotMatch') },
      ['error log service: 401 SignatureNotMatch'],
    ],
    [
      {
        stream: {
          value: { listed: 4, asked: 4, failed: [{ shard: '1', error: 'no' }], retentionError: undefined },
        },
      },
      ['error log service: it does not tell about 1 shard of 4; of 1: no'],
    ],
    [
      { stream: { value: { listed: 4, asked: 4, failed: [], retentionError: 'may not' } } },
      ['note retention: may not'],
    ],
    [
      { stream: { value: { listed: undefined, asked: 0, failed: [], retentionError: undefined } } },
      ['unknown log service: the group has no shards yet about which it could be asked'],
    ],
    [{ function: undefined, schedules: undefined }, ['unknown function: nobody says which one it is']],
    [ofFunction({ runtime: 'nodejs20.x' }), ['error function: its runtime is nodejs20.x']],
    [ofFunction({ state: 'Failed' }), ['error function: it is Failed, and its last update Successful']],
    [ofFunction({ lastUpdate: 'InProgress' }), ['note function: it is being changed']],
    [
      ofFunction({ timeoutMs: 30_000 }),
      ['error timeout: Lambda ends it after 30s, and a tick takes up to 48s'],
    ],
    [
      ofFunction({ timeoutMs: MINUTE_MS }),
      ['error timeout: Lambda lets it run for 1m, and the next tick starts after 1m'],
    ],
    [
      ofFunction({ timeoutMs: 50_000 }),
      ['note timeout: Lambda ends it after 50s, and a tick only counts on 48s'],
    ],
    [
      ofFunction({ environment: { SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'hush' } }),
      [
        'warning secrets: SHARDBEAT_SLS_ACCESS_KEY_SECRET stands in its environment, for whoever may read its configuration',
      ],
    ],
    [ofFunction({ environment: { A: 'x'.repeat(3_686) } }), ['warning environment: 3687 of 4096 bytes']],
    [ofFunction({ environment: { A: 'é'.repeat(2_048) } }), ['error environment: 4097 of 4096 bytes']],
    [ofSchedules(), ['error schedules: none starts the function']],
    [ofSchedules(schedule('consumer-0')), ['error schedules: none for consumer-1']],
    [ofSchedules(...SCHEDULES, schedule('consumer-1')), ['error schedules: two for one slot: consumer-1']],
    [
      ofSchedules(...SCHEDULES, schedule('consumer-2')),
      ['error schedules: of no slot in SHARDBEAT_SLOTS: consumer-2'],
    ],
    [
      ofSchedules(...SCHEDULES, schedule(undefined)),
      ['error schedules: no slot in the event: schedule-of-undefined'],
    ],
    [scaled(3, 3), []],
    [scaled(2, undefined), []],
    [scaled(3, 5), ['warning slots: 3 of the 5 that are wanted tick']],
    [scaled(1, undefined), ['warning slots: 1 of the 2 that are wanted tick']],
    [
      scaled(3, 3, schedule('consumer-1')),
      ['error schedules: the starter starts the slots, and so do others: consumer-1'],
    ],
    [
      ofSchedules(schedule('consumer-0'), schedule('consumer-1', { enabled: false })),
      ['warning schedules: disabled: consumer-1'],
    ],
    [
      ofSchedules(schedule('consumer-0'), schedule('consumer-1', { expression: 'rate(5 minutes)' })),
      ["error schedules: rate(5 minutes), and the group's interval is 1m: consumer-1"],
    ],
    [
      ofSchedules(schedule('consumer-0'), schedule('consumer-1', { retriesMax: 185 })),
      ['warning schedules: repeated when refused: consumer-1'],
    ],
  ])('%o', (facts, findings) => {
    expect(brief(facts)).toEqual(findings);
  });

  it('with what is to be done about it', () => {
    const wrong: Partial<Facts>[] = [
      { versions: { shardbeat: '1', node: '20' } },
      withRight('ExpiredTokenException'),
      { rights: [{ action: 'dynamodb:Query', ...problem('AccessDeniedException') }] },
      { skewMs: 9_000 },
      { backups: { value: false } },
      { description: { value: describing('idle', {}) } },
      { stream: problem('ProjectNotExist') },
      ofFunction({ timeoutMs: 30_000 }),
      ofSchedules(),
    ];
    for (const facts of wrong) for (const { remedy } of bad(facts)) expect(remedy).toMatch(/\w{3}/);
  });
});

describe('what serverless.yml would deploy', () => {
  const packaged = {
    environment: { SHARDBEAT_GROUP: 'orders', SECRET: 'hush', TOPIC: { Ref: 'Topic' } },
    slots: ['consumer-0', 'consumer-1'],
    reservedConcurrency: 1,
    warnings: ['groups.orders.end: it has passed'],
  };

  it('is compared with what is deployed, by name', () => {
    const findings = brief({ packaged });
    expect(findings).toEqual([
      'warning serverless.yml: groups.orders.end: it has passed',
      'warning serverless.yml: 1 runs are reserved for 2 slots: some ticks are throttled',
      'note serverless.yml: it has other values than the deployed function: SECRET',
    ]);
    expect(JSON.stringify(findings)).not.toContain('hush');
  });

  it('is measured where the function cannot be looked at', () => {
    const environment = { A: 'x'.repeat(4_000) };
    const facts = { packaged: { ...packaged, environment, reservedConcurrency: undefined, warnings: [] } };
    expect(brief({ ...facts, function: problem('AccessDeniedException'), schedules: undefined })).toEqual([
      'warning environment: 4001 of 4096 bytes',
      'unknown function: m',
    ]);
  });
});

describe('a local run', () => {
  it('has the settings of the function only where it can be compared with them', () => {
    const saysOf = (disagreements: string[] | undefined) =>
      diagnose({ ...WELL, settings: { value: { ...SETTINGS, disagreements } } })
        .filter(({ about }) => about === 'settings')
        .map(({ says }) => says);
    expect(saysOf([])).toEqual(["those of the function can be used, and are the group's"]);
    expect(saysOf(undefined)).toEqual(['those of the function can be used']);
  });

  it('has no function, no schedules, and a table for the time being', () => {
    const local = {
      isLocal: true,
      function: undefined,
      schedules: undefined,
      timeToLive: undefined,
      backups: undefined,
    };
    expect(bad({ ...local, ...ofTable({ deletionProtection: false }) })).toEqual([]);
  });
});

describe('the exit code', () => {
  it.each([
    [['ok', 'note', 'unknown'], 0],
    [['ok', 'warning', 'note'], 3],
    [['warning', 'error', 'ok'], 4],
  ] as const)('of %o is %i', (levels, code) => {
    expect(exitCodeOf(levels.map((level) => ({ level, about: 'a', says: 's' })))).toBe(code);
  });
});

describe('findings for people', () => {
  it('stand in lines, with what is to be done below', () => {
    expect(
      formatFindings([
        { level: 'ok', about: 'a', says: 'fine' },
        { level: 'error', about: 'table', says: 'broken', remedy: 'mend it' },
        { level: 'warning', about: 'b', says: 'strange' },
      ]),
    ).toBe(
      'ok       a      fine\nERROR    table  broken\n                → mend it\nWARNING  b      strange\n\n1 to mend, 1 to look at.\n',
    );
    expect(formatFindings([{ level: 'note', about: 'a', says: 's' }])).toMatch(/Nothing is wrong/);
  });
});
