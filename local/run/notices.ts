import type { Invocation } from '../host/invocation.ts';
import type { LogEvent } from '../host/outputLines.ts';
import { errorText, firstLine } from './errorText.ts';
import { number } from './view.ts';

/** One line for a person about what a function logged; undefined for what needs no telling. */
export function noticeOfEvent(slot: string, event: LogEvent): string | undefined {
  const { shard, from } = event;
  switch (event.event) {
    case 'shard.claimed':
      if (typeof from !== 'string') return `${slot} takes shard ${shard}`;
      if (from === slot) return `${slot} takes shard ${shard} again`;
      return `hand-off: shard ${shard} goes from ${from} to ${slot}`;
    case 'plan.made':
      return `${slot} made a plan: ${event.slots} consumers, ${event.shards} shards`;
    case 'tick.refused':
      return `${slot}: tick refused, another run of it is within its deadline`;
    case 'batch.failed':
      return `${slot}: your function failed for a batch of shard ${shard} (attempt ${event.attempts}): ${errorText(event.error)}`;
    case 'batch.timedOut':
      return `${slot}: your function did not finish a batch of shard ${shard} in time, it comes again smaller`;
    case 'batch.died':
      return `${slot}: a run died of a batch of shard ${shard} (attempt ${event.attempts}): ${event.message}`;
    case 'record.givenUp':
      return `${slot}: record ${event.record} of shard ${shard} is given up, and is a dead letter now: ${event.message}`;
    case 'records.givenUp':
      return `${slot}: ${number(Number(event.records))} records of shard ${shard} are given up, and are dead letters now`;
    case 'delivery.outage':
      return `${slot}: shard ${shard} waits: nothing succeeds, so nothing is given up: ${event.message}`;
    case 'shard.blocked':
      return `${slot}: shard ${shard} is blocked: ${event.message ?? event.remedy}`;
    case 'shard.failed':
      return `${slot}: shard ${shard} is left for this tick: ${errorText(event.error)}`;
    case 'plan.failed':
      return `${slot}: no plan could be made: ${errorText(event.error)}`;
    case 'slot.expired':
      return `${slot}: ${event.expired} gave no heartbeat and has lost its shards`;
    default:
      return event.level === 'warn' || event.level === 'error' ? `${slot}: ${plainText(event)}` : undefined;
  }
}

/** The same about how a tick ended. */
export function noticeOfInvocation(
  slot: string,
  invocation: Invocation,
  timeoutMs: number,
): string | undefined {
  switch (invocation.outcome) {
    case 'answered':
    case 'died':
      // A death is told when it happens, be it during a tick or not.
      return undefined;
    case 'killed':
      return `${slot} was killed at its deadline, after ${timeoutMs} ms; its next tick starts a new process`;
    case 'unloadable':
      return `${slot}: the function cannot be loaded: ${firstLine(invocation.error)}`;
    case 'failed':
      return `${slot}: the tick failed: ${firstLine(invocation.error)}`;
  }
}

function plainText({ event, time, level, group, slot, error, ...fields }: LogEvent): string {
  const shown = error === undefined ? fields : { ...fields, error: errorText(error) };
  return `${event} ${JSON.stringify(shown)}`;
}
