import type { Attributes, Span } from '../observe/tracing.ts';
import type { TickContext } from './context.ts';

/** What the time of a shard is spent on, beside its pulls. */
const MEASURED = { batch: 'userMs', commit: 'commitMs' } as const;

/** Runs a part of the work on a shard, with a span of its own, and counts how long it takes. */
export function observed<T>(
  { meter, tracing }: Pick<TickContext, 'meter' | 'tracing'>,
  what: keyof typeof MEASURED,
  attributes: Attributes & { shard: string },
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return meter.timed(MEASURED[what], () => tracing.span(what, attributes, work));
}
