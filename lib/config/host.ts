import { SettingsError } from '../errors.ts';
import type { Environment } from './rules.ts';

const KIND = 'AWS_LAMBDA_INITIALIZATION_TYPE';
const MANAGED_INSTANCES = 'lambda-managed-instances';
/** Lambda sets it where one process is given several invocations at a time. */
const CONCURRENCY = 'AWS_LAMBDA_MAX_CONCURRENCY';

/**
 * Throws a SettingsError on a host that does not kill a run at its deadline, and gives the process the next one meanwhile, as Lambda Managed
 * Instances do ("Understanding the Lambda Managed Instances execution environment", developer guide). A slot is taken until its run's
 * deadline because nothing of the run is left after that: there, the user's function could still have a batch when the next run gives it again.
 */
export function checkHost(environment: Environment): void {
  const [field, value] =
    environment[KIND] === MANAGED_INSTANCES
      ? [KIND, MANAGED_INSTANCES]
      : [CONCURRENCY, environment[CONCURRENCY]];
  if (value === undefined) return;
  const remedy =
    'a run is not ended at its timeout there, and its slot would be worked on twice: deploy the function without a capacity provider, on Lambda’s own compute, where a sandbox has one run at a time';
  throw new SettingsError(field, value, remedy);
}
