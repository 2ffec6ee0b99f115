import type { Clock } from '../../lib/runtime.ts';
import { Refusal } from './errors.ts';

/** What a fault is decided by. */
export interface FaultRequest {
  /** The operation's name in the API reference, such as `PullLogs`. */
  readonly operation: string;
  readonly project: string;
  /** From the path: `logstore`, `shard`, … */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

/** What happens to a request instead of, or before, its answer. */
export type Fault = { status: number; code: string; message?: string } | { delayMs: number };

/** Called once for every request that is well addressed; undefined lets it pass. Several happen one after the other. */
export type Inject = (request: FaultRequest) => Fault | readonly Fault[] | undefined;

/** Carries faults out: waits, or refuses. */
export async function suffer(faults: ReturnType<Inject>, clock: Clock, signal: AbortSignal): Promise<void> {
  for (const fault of [faults ?? []].flat()) {
    if ('delayMs' in fault) await clock.sleep(fault.delayMs, signal);
    else throw new Refusal(fault.status, fault.code, fault.message ?? `Injected fault: ${fault.code}`);
  }
}
