/** Findings about credentials, the table, and what may be done with it. */
import type { TableAction, TableRegions } from '../../lib/examine.ts';
import { counted } from '../amounts.ts';
import { type Facts, type Finding, found, isDenied, type Problem } from './facts.ts';

const KEYS = ['pk S', 'sk S'];
const CONFLICT = /^(ValidationException|ResourceNotFoundException)$/;

/** What keeps every request from being answered: then no other one tells more. */
export function reachability({ rights, place }: Facts): Finding[] {
  const problem = rights.find(({ problem }) => problem !== undefined && !isDenied(problem))?.problem;
  if (problem === undefined) return [found('ok', 'credentials', 'AWS knows them, and DynamoDB answers')];
  return [blockedBy(problem, place)];
}

function blockedBy({ code, message }: Problem, place: string): Finding {
  if (/CredentialsProvider|CredentialsError|Could not load credentials/.test(`${code} ${message}`)) {
    const remedy = 'log in (aws sso login), or name them: --profile, AWS_PROFILE, AWS_ACCESS_KEY_ID';
    return found('error', 'credentials', `there are none for AWS: ${message}`, remedy);
  }
  if (
    /ExpiredToken|UnrecognizedClient|InvalidClientToken|InvalidSignature|MissingAuthentication/.test(code)
  ) {
    const remedy =
      'log in again, or name others with --profile; keys of another account or partition are not known, either';
    return found('error', 'credentials', `AWS does not take them: ${message}`, remedy);
  }
  if (/Skew|Signature expired/.test(`${code} ${message}`)) {
    return found('error', 'clock', `AWS does not take it: ${message}`, 'set the clock of this machine');
  }
  if (/Region is missing/.test(message)) {
    return found('error', 'region', message, 'give --region, or set AWS_REGION');
  }
  if (CONFLICT.test(code)) {
    const remedy = 'deploy it, or correct the name of the table and the region; pk and sk are its keys';
    return found('error', 'table', `${place}: ${message}`, remedy);
  }
  const remedy = 'check the region, the network, proxies and AWS_ENDPOINT_URL; then ask again';
  return found('error', 'reachability', `DynamoDB does not answer as it should: ${code}: ${message}`, remedy);
}

/** Without these nothing is known of the group. */
const LOOKING: ReadonlySet<TableAction> = new Set(['dynamodb:GetItem', 'dynamodb:Query']);

/** Of whoever asks, not of the function. */
export function rights({ rights }: Facts): Finding[] {
  const denied = rights.filter(({ problem }) => problem !== undefined && isDenied(problem));
  const actions = denied.map(({ action }) => action);
  if (actions.some((action) => LOOKING.has(action))) {
    const remedy = 'an operator needs all four on the table, two to look: see Roles in docs/deploy.md';
    return [found('error', 'rights', `these are refused to you: ${actions.join(', ')}`, remedy)];
  }
  if (actions.length > 0) {
    const says = `you may look, and change nothing; refused to you: ${actions.join(', ')}`;
    return [found('note', 'rights', says)];
  }
  if (rights.some(({ problem }) => problem !== undefined)) return [];
  return [found('ok', 'rights', 'you may read, write and delete items of the table')];
}

export function shape({ table, isLocal }: Facts): Finding[] {
  if (table === undefined) return [];
  if ('problem' in table) return [unread(table.problem, 'dynamodb:DescribeTable', 'table')];
  const { status, keys, units, deletionProtection, regions } = table.value;
  if (keys.join() !== KEYS.join()) {
    const remedy = 'make a table with the keys pk and sk, both texts: keys cannot be changed';
    return [found('error', 'table', `its keys are ${keys.join(' and ')}`, remedy)];
  }
  if (status !== 'ACTIVE') {
    return [found('error', 'table', `it is ${status}`, 'wait until it is ACTIVE, and ask again')];
  }
  if (isLocal) return [found('ok', 'table', 'it has the keys pk and sk')];
  return [
    units === undefined
      ? found('ok', 'table', 'it has the keys pk and sk, and is paid by request')
      : found(
          'warning',
          'table',
          `it has ${counted(units.write)} write and ${counted(units.read)} read units, beyond which it throttles`,
          'have it paid by request (PAY_PER_REQUEST), unless the units are meant: a tick that is throttled stands',
        ),
    ...(deletionProtection === false
      ? [
          found(
            'note',
            'table',
            'whoever has the right may delete it, with all checkpoints',
            'protect: true under custom.shardbeat, or aws dynamodb update-table --table-name … --deletion-protection-enabled',
          ),
        ]
      : []),
    ...(regions === undefined ? [] : [regionsOf(regions)]),
  ];
}

function regionsOf({ replicas, isStrong }: TableRegions): Finding {
  const where = replicas.join(', ');
  if (isStrong) return found('ok', 'regions', `the table is in ${where}, with strong consistency`);
  return found(
    'warning',
    'regions',
    `the table is in ${where}, and a region may write what another one does not know of yet: two of them would have the same shard`,
    'run the functions of all groups in one region, or make a table with strong consistency: docs/regions.md',
  );
}

export function timeToLive({ timeToLive }: Facts): Finding[] {
  if (timeToLive === undefined) return [];
  if ('problem' in timeToLive)
    return [unread(timeToLive.problem, 'dynamodb:DescribeTimeToLive', 'time to live')];
  if (timeToLive.value === undefined)
    return [found('ok', 'time to live', 'the table deletes nothing by itself')];
  const says = `the table deletes items by their attribute ${timeToLive.value}, which could be a checkpoint`;
  return [found('error', 'time to live', says, 'turn it off: nothing in the table may go by itself')];
}

export function backups({ backups }: Facts): Finding[] {
  if (backups === undefined) return [];
  if ('problem' in backups) return [unread(backups.problem, 'dynamodb:DescribeContinuousBackups', 'backups')];
  if (backups.value) return [found('ok', 'backups', 'the table has point-in-time recovery')];
  const remedy = 'turn on point-in-time recovery of the table: it has the only checkpoints';
  return [found('warning', 'backups', 'the table cannot be restored as it was', remedy)];
}

/** Of something that one can do without. */
export function unread(problem: Problem, action: string, about: string): Finding {
  const remedy = isDenied(problem) ? `allow ${action} to have it looked at` : problem.remedy;
  return found('unknown', about, problem.message, remedy);
}

/** AWS refuses what is signed further off; SLS 15 minutes, too, and CLS 5. */
const SKEW_MS_REFUSED = 5 * 60_000;
const SKEW_MS_MAX = 5_000;

export function clock({ skewMs }: Facts): Finding[] {
  if (skewMs === undefined) return [];
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  const says = `this machine's is ${counted(seconds)} s ${skewMs > 0 ? 'behind' : 'ahead of'} the table's`;
  const remedy = 'set it by NTP: CLS refuses requests that are 5 minutes off, SLS and AWS those of 15';
  if (Math.abs(skewMs) >= SKEW_MS_REFUSED) return [found('error', 'clock', says, remedy)];
  if (Math.abs(skewMs) > SKEW_MS_MAX) return [found('warning', 'clock', says, remedy)];
  return [found('ok', 'clock', 'it agrees with the table’s')];
}
