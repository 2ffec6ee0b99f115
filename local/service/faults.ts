import type { Clock } from '../../lib/runtime.ts';
import { Refusal } from './refusal.ts';

/** What happens to a request instead of, or before, its answer. */
export type Fault = { status: number; code: string; message?: string } | { delayMs: number };

/** What a fault is decided by; services add what else a request says. */
export interface FaultRequest {
  /** The operation's name in the API reference, such as `PullLogs`. */
  readonly operation: string;
}

/** Called once for every request that is well addressed; undefined lets it pass. Several happen one after the other. */
export type Inject<Request extends FaultRequest> = (request: Request) => Fault | readonly Fault[] | undefined;

/** Carries faults out: waits, or refuses. */
export async function suffer(
  faults: Fault | readonly Fault[] | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (const fault of [faults ?? []].flat()) {
    if ('delayMs' in fault) await clock.sleep(fault.delayMs, signal);
    else throw new Refusal(fault.status, fault.code, fault.message ?? `Injected fault: ${fault.code}`);
  }
}
