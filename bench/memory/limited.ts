/** A process that is killed when it has more memory than it may, and may be given a share of a processor. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Enforcement, enter, limitMemory, memoryOf, removeGroup } from '../../local/host/memoryLimit.ts';

export interface Ended {
  /** Undefined: it died. */
  said: Readonly<Record<string, number>> | undefined;
  /** The most that the process itself had. */
  memoryMiB: number;
  complaints: string;
  enforcement: Enforcement;
  /** It had no more than its share of a processor. */
  isSlowed: boolean;
}

const LOOK_MS = 5;
const COMPLAINTS_LENGTH_MAX = 2_000;

export async function runLimited(
  args: readonly string[],
  {
    environment,
    limitMiB,
    runMsMax,
    cpuShare,
  }: {
    environment: Readonly<Record<string, string>>;
    limitMiB: number;
    runMsMax: number;
    /** Of one processor; all of it unless set. Ignored where no control group can be made. */
    cpuShare?: number;
  },
): Promise<Ended> {
  // V8 asks at its start how much memory there is: it must be limited before, as that of a sandbox of Lambda is.
  const child = spawn('sh', ['-c', 'read -r go; exec "$0" "$@"', process.execPath, ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const pid = child.pid!;
  const limit = limitMemory(pid, limitMiB, { lookMs: LOOK_MS, onExceeded: () => child.kill('SIGKILL') });
  const slowed = cpuShare === undefined ? undefined : slowDown(pid, cpuShare, limit.group);
  child.stdin.end('go\n');
  let output = '';
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-COMPLAINTS_LENGTH_MAX);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-COMPLAINTS_LENGTH_MAX);
  });
  const closed = once(child, 'close');
  const patience = setTimeout(() => child.kill('SIGKILL'), runMsMax);
  let memoryMiB = 0;
  let isRunning = true;
  closed.then(() => {
    isRunning = false;
  });
  while (isRunning) {
    memoryMiB = Math.max(memoryMiB, memoryOf(pid)?.most ?? 0);
    await wait(LOOK_MS);
  }
  await closed;
  clearTimeout(patience);
  limit.release();
  if (slowed !== undefined) removeGroup(slowed);
  const [, json] = /\n(\{"said":.*\})\n$/.exec(output) ?? [];
  return {
    said: json === undefined ? undefined : JSON.parse(json).said,
    memoryMiB,
    complaints: complaints || output.slice(-500),
    isSlowed: slowed !== undefined,
    enforcement: limit.enforcement,
  };
}

const PERIOD_US = 100_000;

/** Gives a process a share of a processor: in a group of its own (version 1), or in the one that it is in (version 2). */
function slowDown(pid: number, share: number, memoryGroup: string | undefined): string | undefined {
  const quota = String(Math.round(share * PERIOD_US));
  const group = join('/sys/fs/cgroup/cpu', `shardbeat-bench-${process.pid}`);
  try {
    if (memoryGroup !== undefined && existsSync(join(memoryGroup, 'cpu.max'))) {
      writeFileSync(join(memoryGroup, 'cpu.max'), `${quota} ${PERIOD_US}`);
      return memoryGroup;
    }
    mkdirSync(group);
    writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
    writeFileSync(join(group, 'cpu.cfs_quota_us'), quota);
    return enter(group, pid) ? group : undefined;
  } catch {
    removeGroup(group);
    return undefined;
  }
}
