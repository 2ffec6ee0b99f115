import type { DeliverySettings } from '../../lib/config/delivery.ts';

/** As a group has it that sets nothing. */
export const DELIVERY: DeliverySettings = {
  attemptsMax: 5,
  onPoison: 'deadLetter',
  recordsMax: Number.POSITIVE_INFINITY,
  identity: 'refused',
  ageMaxMs: undefined,
  bytesMin: 0,
  waitMaxMs: 0,
  recordsParallelMax: 1,
};
