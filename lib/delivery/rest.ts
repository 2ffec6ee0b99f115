/** What is pending where nothing has failed yet, or nothing of what has failed is left. */
import type { Pending } from '../group/pending.ts';

export const newPending = ({ to, count }: Pick<Pending, 'to' | 'count'>): Pending => ({
  to,
  count,
  done: 0,
  attempts: 0,
});

/** What stays as it is whatever becomes of the records: of which there are so many finished now. */
export const restFrom = ({ to, count, behind }: Pending, done: number): Pending =>
  clean({ to, count, done, attempts: 0, behind });

/** An item is billed by the KiB: what is not known takes no room. */
export function clean(pending: { [A in keyof Pending]: Pending[A] | undefined }): Pending {
  return Object.fromEntries(
    Object.entries(pending).filter(([, value]) => value !== undefined),
  ) as unknown as Pending;
}
