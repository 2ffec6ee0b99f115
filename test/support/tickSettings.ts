import { planEvenly } from '../../lib/group/planner.ts';
import type { TickSettings } from '../../lib/tick/context.ts';
import { deriveTimes } from '../../lib/times.ts';
import { DELIVERY } from './delivery.ts';

/** Of a group that ticks every minute and bounds little, but for what is given. */
export const tickSettings = (given: Partial<TickSettings> = {}): TickSettings => ({
  group: 'orders',
  times: deriveTimes(60_000),
  stream: 'memory://orders',
  start: { at: 'begin' },
  endAt: undefined,
  settingsVersion: 1,
  strategy: planEvenly,
  onCursorExpired: 'earliest',
  order: true,
  batchesMax: Number.POSITIVE_INFINITY,
  countMax: 1_000,
  pullIntervalMs: 0,
  lingerMs: 0,
  doorbell: false,
  shardsParallelMax: 4,
  bytesMax: 64 * 1024 * 1024,
  delivery: DELIVERY,
  ...given,
});
