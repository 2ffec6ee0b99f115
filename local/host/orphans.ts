import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** A shell that reads the ids of processes until its host is gone, whatever that died of, and lets them go on. */
const GUARD = 'trap "" INT TERM HUP; while read -r pid; do pids="$pids $pid"; done; kill -CONT $pids';

let guard: ChildProcess | undefined;

/**
 * A process that stands still does not notice that its host is gone, and would stand there for ever: this one then goes on, and
 * ends, as any sandbox without a host does.
 */
export function thawWhenOrphaned(pid: number): void {
  guard ??= startGuard();
  guard.stdin?.write(`${pid}\n`);
}

function startGuard(): ChildProcess {
  const child = spawn('sh', ['-c', GUARD], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Without a shell there is no guard; the host does not wait for it, either.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}
