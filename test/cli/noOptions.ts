import type { TargetOptions } from '../../cli/target.ts';

/** Of a command to which nobody says which group it is about. */
export const NONE: TargetOptions = {
  group: undefined,
  table: undefined,
  region: undefined,
  profile: undefined,
  stage: undefined,
  function: undefined,
  'dead-letters': undefined,
};
