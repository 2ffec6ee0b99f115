import { describe, expect, it } from 'vitest';
import { parseServeClsOptions } from '../../local/cls/serve/options.ts';
import { clientOf } from '../local/cls/child.ts';
import {
  beat,
  commit,
  createGroup,
  LOGSET,
  OTHER_TOPIC,
  offsetsFrom,
  pull,
  put,
  putByKey,
  TOPIC,
} from '../local/cls/support.ts';
import { serve } from '../local/service/child.ts';
import { newDirectory } from '../local/service/support.ts';

const WANTED = ['--logset', LOGSET, '--topic', TOPIC, '--partitions', '2'];
const OTHER_LOGSET = '00000000-0000-4000-8000-000000000002';

describe('shardbeat serve cls', () => {
  it('says how to reach it, serves, and stops when it is told to', async () => {
    const more = ['--topic', OTHER_TOPIC, '--partitions', '1', '--retention', '7', '--logset', OTHER_LOGSET];
    const child = serve('cls', ...WANTED, ...more);
    const port = (await child.port)!;
    const client = clientOf(port);
    expect((await putByKey(client, '0', 'a')).outcome).toBe('200');
    expect((await pull(client, 1, 0)).messages).toEqual([['a']]);
    const topics = await client.act('DescribeTopics', {});
    expect(topics.json.Response.Topics.map(({ Period }: { Period: number }) => Period)).toEqual([30, 7]);
    child.process.kill('SIGINT');
    const { code, stdout, stderr } = await child.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const label = (text: string): string => text.padEnd(`logset ${LOGSET}`.length);
    for (const text of [
      `CLS on http://127.0.0.1:${port} until Ctrl-C; what it holds is gone when it stops`,
      `${label('data endpoint')}  http://127.0.0.1:${port}, for uploads and pulls\n`,
      `${label('access key id')}  local\n`,
      `${label('access key secret')}  local-secret\n`,
      `logset ${LOGSET}  topic ${TOPIC} (2 partitions)\n`,
      `${label('')}  topic ${OTHER_TOPIC} (1 partition)\n`,
      `logset ${OTHER_LOGSET}  no topic\n`,
      `  export YUNAPI_ENDPOINT=http://127.0.0.1:${port}\n`,
      `SHARDBEAT_CLS_API_ENDPOINT=http://127.0.0.1:${port} SHARDBEAT_CLS_ENDPOINT=http://127.0.0.1:${port}\n`,
      'stopped by SIGINT',
    ]) {
      expect(stdout).toContain(text);
    }
  });

  it('keeps what it holds in a directory, and makes nothing that is there already', async () => {
    const data = newDirectory();
    const first = serve('cls', '--data', data, ...WANTED);
    const client = clientOf((await first.port)!);
    await putByKey(client, '0', 'kept');
    await createGroup(client);
    await commit(client, 'a', { 1: 1 });
    first.process.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    const second = serve('cls', '--data', data, '--logset', LOGSET, '--topic', TOPIC, '--partitions', '9');
    const again = clientOf((await second.port)!);
    expect((await pull(again, 1, 0)).messages).toEqual([['kept']]);
    expect(await offsetsFrom(again, 'begin')).toEqual({ 1: 1n, 2: 0n });
    expect((await second.kill()).stdout).toContain(`what it holds is kept in ${data}`);
  });

  it('fails as often as it is told to, on both planes, the same way for the same seed', async () => {
    const fates = async (seed: string): Promise<string> => {
      const faults = ['PullLogs:429:SpeedQuotaExceed:0.5', 'DescribeTopics:200:RequestLimitExceeded:0.5'];
      const rules = faults.flatMap((fault) => ['--fault', fault]);
      const child = serve('cls', ...WANTED, ...rules, '--latency', '*:1ms', '--seed', seed);
      const client = clientOf((await child.port)!);
      const seen: string[] = [];
      for (let time = 0; time < 20; time += 1) {
        seen.push((await pull(client, 1, 0)).outcome, (await client.act('DescribeTopics', {})).outcome);
      }
      expect((await child.kill()).stdout).toContain(`of seed ${seed}`);
      expect(new Set(seen)).toEqual(new Set(['200', '429 SpeedQuotaExceed', '200 RequestLimitExceeded']));
      return seen.join();
    };
    expect(await fates('7')).toBe(await fates('7'));
  });

  it('takes nobody’s requests but those of the account it was given, whose secret it does not tell', async () => {
    const child = serve('cls', ...WANTED, '--access-key-id', 'me', '--access-key-secret', 'hush');
    const client = clientOf((await child.port)!);
    expect((await put(client, ['a'])).outcome).toBe('401 AuthFailure.SecretIdNotFound');
    expect((await client.act('DescribeTopics', {})).outcome).toBe('200 AuthFailure.SecretIdNotFound');
    const account = { accessKeyId: 'me', accessKeySecret: 'hush' };
    expect((await client.act('DescribeTopics', {}, { account })).outcome).toBe('200');
    expect((await child.kill()).stdout).not.toContain('hush');
  });

  it('is told what the live service does not say of itself', async () => {
    const how = ['--hand-over', 'immediate', '--fenced-commits', '--first-offset', '9007199254740993'];
    const child = serve('cls', ...WANTED, ...how, '--quotas');
    const client = clientOf((await child.port)!);
    await createGroup(client);
    expect(await beat(client, 'a', [])).toEqual([1, 2]);
    expect(await beat(client, 'b', [])).toEqual([2]);
    expect((await commit(client, 'a', { 2: 1 })).outcome).toBe('200 OperationDenied');
    expect(await offsetsFrom(client, 'begin')).toEqual({ 1: 9007199254740993n, 2: 9007199254740993n });
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, async () => (await client.act('DescribeTopics', {})).outcome),
    );
    expect(outcomes).toContain('200 RequestLimitExceeded');
  });

  it.each<[string, string[], string]>([
    [
      'a logset whose id is none',
      ['--logset', 'shop'],
      '--logset: "shop" cannot be used: LogsetId must look',
    ],
    [
      'a topic whose id is none',
      ['--logset', LOGSET, '--topic', 'a'],
      '--topic: "a" cannot be used: TopicId',
    ],
    [
      'a topic in two logsets',
      [...WANTED, '--logset', OTHER_LOGSET, '--topic', TOPIC],
      `--topic: "${TOPIC}" cannot be used: The topic ${TOPIC} already exists`,
    ],
    ['a directory in one that is not there', ['--data', '/nowhere/at/all'], '--data: "/nowhere/at/all"'],
  ])('tells %s with exit code 2', async (_what, args, message) => {
    expect(await serve('cls', ...args).ended).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  it('explains itself', async () => {
    const { code, stdout } = await serve('cls', '--help').ended;
    expect(code).toBe(0);
    const options = ['--data DIR', '--logset ID', '--hand-over HOW', 'PullLogs:429:SpeedQuotaExceed:0.1'];
    for (const text of options) expect(stdout).toContain(text);
    expect((await serve('--help').ended).stdout).toContain('shardbeat serve cls');
  });
});

describe('options of shardbeat serve cls', () => {
  const parse = (...args: string[]) => parseServeClsOptions(args);

  it('have a default each', () => {
    expect(parse()).toEqual({
      port: 0,
      data: undefined,
      account: { accessKeyId: 'local', accessKeySecret: 'local-secret' },
      isDefaultAccount: true,
      topics: [],
      logsets: [],
      handOver: 'cooperative',
      fencedCommits: false,
      firstOffset: 0n,
      quotas: false,
      faults: [],
      latencies: [],
      seed: undefined,
    });
  });

  it('name topics in the logset before them, and settings of the topic before them', () => {
    const args = ['--logset=l', '--topic=x', '--retention=3640', '--topic=y', '--partitions=3', '--logset=m'];
    expect(parse(...args, '--topic', 'z')).toMatchObject({
      logsets: ['l', 'm'],
      topics: [
        { logset: 'l', id: 'x', partitions: 2, retentionDays: 3640 },
        { logset: 'l', id: 'y', partitions: 3, retentionDays: 30 },
        { logset: 'm', id: 'z', partitions: 2, retentionDays: 30 },
      ],
    });
  });

  it.each<[string[], string]>([
    [['--topic', 'x'], '--topic: "x" cannot be used: name the logset that it is in before it'],
    [['--logset', 'l', '--partitions', '1'], '--partitions: "1" cannot be used: name the topic'],
    [['--logset', 'l', '--topic', 'x', '--partitions', '51'], 'write a whole number from 1 to 50'],
    [['--logset', 'l', '--topic', 'x', '--retention', '3601'], 'write a whole number from 1 to 3600'],
    [['--hand-over', 'never'], '--hand-over: "never" cannot be used: write cooperative or immediate'],
    [['--first-offset=-1'], '--first-offset: "-1" cannot be used: write a whole number from 0'],
    [['--first-offset', '9223372036854775807'], '--first-offset: "9223372036854775807" cannot be used'],
    [['--fault', 'PullLogs:204:A'], 'the status of a failure is a number from 400 to 599, or 200'],
    [['--fault', 'GetCursor:500:A'], 'there is no operation GetCursor'],
  ])('%j cannot be used', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});
