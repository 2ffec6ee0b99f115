/**
 * What keeps a process from having more memory than it may: the kernel where a control group can be made, else whoever looks at it, where
 * there is a `/proc`.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Enforcement = 'control group' | 'looked at' | 'none';

export interface MemoryLimit {
  readonly enforcement: Enforcement;
  /** The folder of the control group, where there is one. */
  readonly group?: string;
  /** Whether the kernel has ended a process that wanted more, or `onExceeded` was told of one. */
  wasExceeded(): boolean;
  /** When the process is gone. */
  release(): void;
}

const MIB = 1024 * 1024;
let groups = 0;

/** Of a process that has just been started. `onExceeded` ends it, where the kernel does not. */
export function limitMemory(
  pid: number | undefined,
  limitMiB: number,
  { lookMs, onExceeded }: { lookMs: number; onExceeded(): void },
): MemoryLimit {
  const none = { enforcement: 'none', wasExceeded: () => false, release: () => {} } as const;
  if (pid === undefined) return none;
  const group = makeMemoryGroup(`shardbeat-${process.pid}-${groups++}`, limitMiB);
  if (group !== undefined && enter(group, pid)) {
    let exceeded = false;
    const look = (): boolean => {
      exceeded ||= killsIn(group) > 0;
      return exceeded;
    };
    return {
      enforcement: 'control group',
      group,
      wasExceeded: look,
      release: () => {
        look();
        removeGroup(group);
      },
    };
  }
  if (memoryOf(pid) === undefined) return none;
  let exceeded = false;
  const timer = setInterval(() => {
    if ((memoryOf(pid)?.rss ?? 0) <= limitMiB) return;
    exceeded = true;
    onExceeded();
  }, lookMs);
  timer.unref();
  return { enforcement: 'looked at', wasExceeded: () => exceeded, release: () => clearInterval(timer) };
}

/** Of version 1 or 2; undefined where none can be made. */
function makeMemoryGroup(name: string, limitMiB: number): string | undefined {
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

/** Puts a process into a control group. False: it may not be put there, or is gone. */
export function enter(group: string, pid: number): boolean {
  try {
    writeFileSync(join(group, 'cgroup.procs'), String(pid));
    return true;
  } catch {
    removeGroup(group);
    return false;
  }
}

export function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // It is empty, and costs nothing.
  }
}

/** How many processes of a group the kernel has ended for want of memory. */
function killsIn(group: string): number {
  for (const file of ['memory.oom_control', 'memory.events']) {
    try {
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(group, file), 'utf8'))?.[1] ?? 0);
    } catch {
      // The other version has the other file.
    }
  }
  return 0;
}

/** In MiB: what a process has, and the most that it had. Undefined: nobody can tell, or it is gone. */
export function memoryOf(pid: number): { rss: number; most: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mib = (name: string): number =>
      Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024);
    return { rss: mib('VmRSS'), most: mib('VmHWM') };
  } catch {
    return undefined;
  }
}
