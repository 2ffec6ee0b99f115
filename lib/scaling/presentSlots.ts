import type { GroupStore, RequestOptions } from '../group/store.ts';

/** Of the slots that there may be, those that there are: whoever rings wakes no other, which would only come to leave again. */
export async function presentSlots(
  store: GroupStore,
  slots: readonly string[],
  options: RequestOptions,
): Promise<readonly string[]> {
  const { consumers } = await store.readAll({ ...options, consistent: false });
  return slots.filter((slot) => consumers.has(slot));
}
