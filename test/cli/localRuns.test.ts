import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { announceRun, localRuns, runIn } from '../../lib/commandLine/localRuns.ts';

const before = process.env.TMPDIR;
let temporary: string;
let folder: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'runs-test-'));
  process.env.TMPDIR = temporary;
  folder = join(temporary, `shardbeat-runs-${userInfo().uid}`);
});
afterEach(() => {
  process.env.TMPDIR = before;
  if (before === undefined) delete process.env.TMPDIR;
  rmSync(temporary, { recursive: true });
});

const run = {
  directory: '/srv/orders',
  startedAt: 5,
  environment: { SHARDBEAT_GROUP: 'local', AWS_ACCESS_KEY_ID: 'local' },
};

describe('a local run', () => {
  it('is found while it lives, by this user only, and leaves nothing', async () => {
    {
      using _announced = await announceRun(run);
      expect(await localRuns()).toEqual([{ pid: process.pid, ...run }]);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      expect(statSync(join(folder, `${process.pid}.json`)).mode & 0o777).toBe(0o600);
    }
    expect(await localRuns()).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('that was killed is not found, and its file goes', async () => {
    using _announced = await announceRun(run);
    const stale = join(folder, '999999999.json');
    writeFileSync(stale, JSON.stringify({ ...run, pid: 999_999_999 }));
    expect(await localRuns()).toHaveLength(1);
    expect(existsSync(stale)).toBe(false);
  });

  it('that is being written is passed over', async () => {
    using _announced = await announceRun(run);
    writeFileSync(join(folder, '1.json'), '{"pid":');
    expect(await localRuns()).toHaveLength(1);
    rmSync(join(folder, '1.json'));
  });

  it('has none of its variables taken over but those of the services', async () => {
    const environment = {
      ...run.environment,
      NODE_OPTIONS: '--import=evil',
      AWS_PROFILE: 'ops',
      PATH: '/evil',
    };
    using _announced = await announceRun({ ...run, environment });
    expect((await localRuns())[0]!.environment).toEqual(run.environment);
  });

  it('is not believed where others may write, nor through a link', async () => {
    {
      using _announced = await announceRun(run);
      chmodSync(folder, 0o777);
      expect(await localRuns()).toEqual([]);
      await expect(announceRun(run)).rejects.toThrow('is not this user’s alone'.replace('’', "'"));
      chmodSync(folder, 0o700);
    }
    const other = mkdtempSync(join(temporary, 'other-'));
    symlinkSync(other, folder);
    expect(await localRuns()).toEqual([]);
  });

  it('is that of the folder, or of the nearest one above', () => {
    const runs = ['/a', '/a/b', '/a/b'].map((directory, pid) => ({ ...run, directory, pid }));
    expect(runIn(runs, '/a/b/c/d')?.pid).toBe(1);
    expect(runIn(runs, '/a')?.pid).toBe(0);
    expect(runIn(runs, '/ab')).toBeUndefined();
  });
});
