import { AHEAD_MUTANTS } from './aheadMutants.ts';
import { DELIVERY_MUTANTS } from './deliveryMutants.ts';
import { GROUP_MUTANTS } from './groupMutants.ts';
import { LEASE_MUTANTS } from './leaseMutants.ts';
import { LINGER_MUTANTS } from './lingerMutants.ts';
import type { Mutant } from './mutant.ts';
import { REPLAY_MUTANTS } from './replayMutants.ts';
import { WRITES_MUTANTS } from './writesMutants.ts';

export const MUTANTS: readonly Mutant[] = [
  ...GROUP_MUTANTS,
  ...DELIVERY_MUTANTS,
  ...AHEAD_MUTANTS,
  ...LINGER_MUTANTS,
  ...LEASE_MUTANTS,
  ...REPLAY_MUTANTS,
  ...WRITES_MUTANTS,
];
