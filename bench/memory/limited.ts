/**
 * A process that is killed when it has more memory than it may: by the kernel where a control group can be made, else by whoever looks at it. It may
 * be given a share of a processor, too.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export type Enforcement = 'control group' | 'looked at every 5 ms';

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

const MIB = 1024 * 1024;
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
  const name = `shardbeat-bench-${process.pid}`;
  const group = makeGroup(name, limitMiB);
  const slowed = cpuShare === undefined ? undefined : makeCpuGroup(name, cpuShare, group);
  const joined = [...new Set([group, slowed])].flatMap((each) => each ?? []);
  const join = joined.map((each) => `echo $$ > ${each}/cgroup.procs && `).join('');
  const child = spawn('sh', ['-c', `${join}exec "$0" "$@"`, process.execPath, ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
    const { rss, most } = memoryOf(child.pid!);
    memoryMiB = Math.max(memoryMiB, most);
    if (group === undefined && rss > limitMiB) child.kill('SIGKILL');
    await wait(LOOK_MS);
  }
  await closed;
  clearTimeout(patience);
  for (const each of joined) removeGroup(each);
  const [, json] = /\n(\{"said":.*\})\n$/.exec(output) ?? [];
  return {
    said: json === undefined ? undefined : JSON.parse(json).said,
    memoryMiB,
    complaints: complaints || output.slice(-500),
    isSlowed: slowed !== undefined,
    enforcement: group === undefined ? 'looked at every 5 ms' : 'control group',
  };
}

/** Of version 1 or 2; undefined where none can be made. */
function makeGroup(name: string, limitMiB: number): string | undefined {
  const limits = [
    { root: '/sys/fs/cgroup/memory', file: 'memory.limit_in_bytes', swap: 'memory.memsw.limit_in_bytes' },
    { root: '/sys/fs/cgroup', file: 'memory.max', swap: 'memory.swap.max' },
  ];
  for (const { root, file, swap } of limits) {
    const group = join(root, name);
    try {
      if (!existsSync(join(root, 'cgroup.procs'))) continue;
      mkdirSync(group);
      writeFileSync(join(group, file), String(limitMiB * MIB));
      if (existsSync(join(group, swap))) {
        writeFileSync(join(group, swap), swap.includes('memsw') ? String(limitMiB * MIB) : '0');
      }
      return group;
    } catch {
      removeGroup(group);
    }
  }
  return undefined;
}

const PERIOD_US = 100_000;

/** A share of a processor: in a group of its own (version 1), or in the one that there is (version 2). */
function makeCpuGroup(name: string, share: number, memoryGroup: string | undefined): string | undefined {
  const quota = String(Math.round(share * PERIOD_US));
  const group = join('/sys/fs/cgroup/cpu', name);
  try {
    if (memoryGroup !== undefined && existsSync(join(memoryGroup, 'cpu.max'))) {
      writeFileSync(join(memoryGroup, 'cpu.max'), `${quota} ${PERIOD_US}`);
      return memoryGroup;
    }
    mkdirSync(group);
    writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
    writeFileSync(join(group, 'cpu.cfs_quota_us'), quota);
    return group;
  } catch {
    removeGroup(group);
    return undefined;
  }
}

function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // It is empty, and costs nothing.
  }
}

function memoryOf(pid: number): { rss: number; most: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mib = (name: string): number =>
      Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024);
    return { rss: mib('VmRSS'), most: mib('VmHWM') };
  } catch {
    return { rss: 0, most: 0 };
  }
}
