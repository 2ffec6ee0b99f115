import type { Settings } from '../config/settings.ts';
import { createEventBus, type EventBus } from '../delivery/eventBus.ts';
import { asTableIs, type TableAccount } from './tableAccount.ts';

/** The bus that the settings name, asked by whoever asks the table; undefined for none. Nothing is sent. */
export function composeEventBus(
  { eventBus, times }: Pick<Settings, 'eventBus' | 'times'>,
  account: TableAccount,
): EventBus | undefined {
  return eventBus && createEventBus({ ...eventBus, ...asTableIs(account, times) });
}
