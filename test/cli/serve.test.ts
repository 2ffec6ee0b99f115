import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseServeClsOptions } from '../../local/cls/serve/options.ts';
import { parseServeSlsOptions } from '../../local/sls/serve/options.ts';
import { serve } from '../local/service/child.ts';
import { clientOf } from '../local/sls/child.ts';
import {
  contentsOf,
  cursorOf,
  manualClock,
  newDirectory,
  openBench,
  pull,
  putByKey,
} from '../local/sls/support.ts';

const WANTED = ['--project', 'shop', '--logstore', 'orders', '--shards', '1'];

describe('shardbeat serve sls', () => {
  it('says how to reach it, serves, and stops when it is told to', async () => {
    const child = serve(
      'sls',
      ...WANTED,
      '--logstore',
      'visits',
      '--shards',
      '4',
      '--ttl',
      '7',
      '--project',
      'empty-one',
    );
    const port = (await child.port)!;
    const client = clientOf(port);
    expect((await putByKey(client, '0', 'a')).outcome).toBe('200');
    expect(await contentsOf(client, 0)).toEqual(['a']);
    expect((await client.call({ path: '/logstores/visits' })).json).toMatchObject({ shardCount: 4, ttl: 7 });
    child.process.kill('SIGINT');
    const { code, stdout, stderr } = await child.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const text of [
      `SLS on http://127.0.0.1:${port} until Ctrl-C; what it holds is gone when it stops`,
      `localhost:${port}, for requests to <project>.localhost:${port}`,
      'access key id      local\n',
      'access key secret  local-secret\n',
      'project shop       orders (1 shard), visits (4 shards)\n',
      'project empty-one  no logstore\n',
      `and http://127.0.0.1:${port} as its HTTP proxy`,
      'stopped by SIGINT',
    ]) {
      expect(stdout).toContain(text);
    }
  });

  it('keeps what it holds in a directory, and makes nothing that is there already', async () => {
    const data = newDirectory();
    const first = serve('sls', '--data', data, ...WANTED);
    await putByKey(clientOf((await first.port)!), '0', 'kept');
    first.process.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    const second = serve('sls', '--data', data, ...WANTED, '--shards', '9');
    expect(await contentsOf(clientOf((await second.port)!), 0)).toEqual(['kept']);
    const { stdout, stderr } = await second.kill();
    expect(stdout).toContain(`what it holds is kept in ${data}`);
    expect(stderr).toBe('');
  });

  it('fails as often as it is told to, the same way for the same seed', async () => {
    const fates = async (seed: string): Promise<string> => {
      const child = serve(
        'sls',
        ...WANTED,
        '--fault',
        'PullLogs:403:ShardReadQuotaExceed:0.5',
        '--seed',
        seed,
      );
      const client = clientOf((await child.port)!);
      const begin = await cursorOf(client, 0, 'begin');
      const seen: string[] = [];
      for (let time = 0; time < 20; time += 1) seen.push((await pull(client, 0, begin)).outcome);
      expect((await child.kill()).stdout).toContain(`of seed ${seed}`);
      expect(new Set(seen)).toEqual(new Set(['200', '403 ShardReadQuotaExceed']));
      return seen.join();
    };
    expect(await fates('7')).toBe(await fates('7'));
  });

  it('signs nobody’s requests but those of the account it was given, whose secret it does not tell', async () => {
    const child = serve('sls', ...WANTED, '--access-key-id', 'me', '--access-key-secret', 'hush');
    const client = clientOf((await child.port)!);
    expect((await client.call({ path: '/logstores' })).outcome).toBe('401 Unauthorized');
    const account = { accessKeyId: 'me', accessKeySecret: 'hush' };
    expect((await client.call({ path: '/logstores', account })).outcome).toBe('200');
    expect((await child.kill()).stdout).not.toContain('hush');
  });

  it('lets one of several have a directory whose last holder was killed', async () => {
    const data = newDirectory();
    const killed = serve('sls', '--data', data, ...WANTED);
    await killed.port;
    await killed.kill();
    const rivals = Array.from({ length: 4 }, () => serve('sls', '--data', data));
    const ports = await Promise.all(rivals.map(({ port }) => port));
    expect(ports.filter((port) => port !== undefined)).toHaveLength(1);
    for (const [index, rival] of rivals.entries()) {
      if (ports[index] !== undefined) continue;
      const { code, stderr } = await rival.ended;
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/^--data: ".*" cannot be used: (process \d+|another process) uses it/),
      });
    }
  });

  it('explains itself', async () => {
    expect(await serve('sls', '--help').ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--data DIR'),
    });
    expect(await serve('--help').ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('shardbeat serve sls'),
    });
  });
});

describe('what cannot be used is told with exit code 2', () => {
  it('a port that is taken', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const data = newDirectory();
    expect(await serve('sls', '--port', String(port), '--data', data).ended).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(`^--port: ${port} cannot be used: another program listens on`),
    });
    // The directory is free again.
    await openBench(manualClock(), { data });
  });

  it.skipIf(process.getuid?.() === 0)('a directory that may not be read', async () => {
    const data = newDirectory();
    spawnSync('mkdir', ['-m', '000', data]);
    expect(await serve('sls', '--data', data).ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('this user may not read and write it'),
    });
  });

  it.each<[string, string[], string]>([
    ['no service', [], 'service: "" cannot be used: the services are: sls, cls'],
    ['another service', ['kafka'], 'service: "kafka" cannot be used: the services are: sls, cls'],
    [
      'a directory in one that is not there',
      ['sls', '--data', '/nowhere/at/all'],
      '--data: "/nowhere/at/all"',
    ],
    ['a file', ['sls', '--data', import.meta.filename], 'it is not a directory'],
    ['a project with a bad name', ['sls', '--project', 'Shop'], '--project: "Shop" cannot be used'],
    [
      'a logstore with a bad name',
      ['sls', '--project', 'shop', '--logstore', 'A'],
      '--logstore: "A" cannot be',
    ],
  ])('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await serve(...args).ended;
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });
});

describe.each([
  ['sls', parseServeSlsOptions],
  ['cls', parseServeClsOptions],
] as const)('a secret given to shardbeat serve %s', (service, parse) => {
  const SECRET = `zq7/${service}+8Hd93kXw0`;
  it.each<[string, string[]]>([
    ['in the place of its id', ['--access-key-id', SECRET, '--access-key-secret', 'me']],
    ['behind its id', ['--access-key-secret', 'me', `${SECRET}1`]],
    ['cut in two by a space', ['--access-key-id', 'me', '--access-key-secret', 'aaaa', `${SECRET}2`]],
    [
      'for another option as well',
      ['--access-key-id=me', `--access-key-secret=${SECRET}3`, '--seed', `${SECRET}3`],
    ],
    ['to an option that is misspelt', ['--access-key-secrt', `${SECRET}4`, `${SECRET}4`]],
    ['to an option that is misspelt, with =', [`--access-key-secrt=${SECRET}5`]],
  ])('is not told when it is given %s', (_how, args) => {
    let message = '';
    try {
      parse(args);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(/cannot be used/);
    expect(message).not.toContain(SECRET);
  });
});

describe('options of shardbeat serve sls', () => {
  const parse = (...args: string[]) => parseServeSlsOptions(args);

  it('have a default each', () => {
    expect(parse()).toEqual({
      port: 0,
      data: undefined,
      account: { accessKeyId: 'local', accessKeySecret: 'local-secret' },
      isDefaultAccount: true,
      logstores: [],
      projects: [],
      quotas: false,
      faults: [],
      latencies: [],
      seed: undefined,
    });
  });

  it('name logstores in the project before them, and settings of the logstore before them', () => {
    const args = ['--project=a-a', '--logstore=x', '--ttl=1', '--logstore=y', '--shards=3', '--project=b-b'];
    expect(parse(...args, '--logstore', 'x', '--project=a-a', '--logstore=z')).toMatchObject({
      projects: ['a-a', 'b-b'],
      logstores: [
        { project: 'a-a', name: 'x', shards: 2, ttlDays: 1 },
        { project: 'a-a', name: 'y', shards: 3, ttlDays: 30 },
        { project: 'b-b', name: 'x', shards: 2, ttlDays: 30 },
        { project: 'a-a', name: 'z', shards: 2, ttlDays: 30 },
      ],
    });
  });

  it.each<[string[], string]>([
    [['--prot', '1'], 'option: "--prot" cannot be used: there is no such option'],
    [['orders'], 'option: "orders" cannot be used: options start with --'],
    [['--quotas=yes'], 'it takes no value'],
    [['--data'], 'it needs a value'],
    [['--data', ''], '--data: "" cannot be used: name a directory'],
    [['--port', '65536'], '--port: "65536" cannot be used'],
    [['--logstore', 'x'], '--logstore: "x" cannot be used: name the project that it is in before it'],
    [['--project', 'a', '--shards', '1'], '--shards: "1" cannot be used: name the logstore'],
    [['--project', 'a', '--logstore', 'x', '--project', 'b', '--ttl', '1'], '--ttl: "1" cannot be used'],
    [['--project', 'a', '--logstore', 'x', '--shards', '101'], 'write a whole number from 1 to 100'],
    [['--project', 'a', '--logstore', 'x', '--logstore', 'x'], 'it is named twice in project a'],
    [['--access-key-id', 'me'], '--access-key-secret: missing; name it with --access-key-id'],
    [['--access-key-secret', 'hush'], '--access-key-id: missing;'],
    [['--access-key-id', 'a:b', '--access-key-secret', 'hush'], '--access-key-id: "(hidden)" cannot be used'],
    [['--access-key-id', 'me', '--access-key-secret', 'hush\r'], '--access-key-secret: "(hidden)" cannot be'],
    [
      ['--access-key-id', 'me', '--access-key-secret', 'schlüssel'],
      '--access-key-secret: "(hidden)" cannot be',
    ],
    [['--fault', 'PullLogs'], '--fault: "PullLogs" cannot be used: write OPERATION:STATUS:CODE:PROBABILITY'],
    [['--latency', 'Pull:1s'], '--latency: "Pull:1s" cannot be used: there is no operation Pull'],
    [['--seed', 'x'], '--seed: "x" cannot be used'],
  ])('%j cannot be used', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
    expect(() => parse(...args)).not.toThrow('hush');
  });
});
