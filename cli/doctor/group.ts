/** Findings about versions, settings, the group as it stands, and the log service. */
import { NODE_MAJOR_MIN } from '../../infra/plugin/group.ts';
import { moment, several } from '../amounts.ts';
import { plain } from '../text.ts';
import { type Facts, type Finding, found, isDenied, knownOf, type Problem } from './facts.ts';
import { unread } from './table.ts';

export function versions({ versions: { node, shardbeat } }: Facts): Finding[] {
  const says = `shardbeat ${shardbeat}, Node ${node}`;
  if (Number.parseInt(node, 10) >= NODE_MAJOR_MIN) return [found('ok', 'versions', says)];
  return [found('error', 'versions', says, `it needs Node ${NODE_MAJOR_MIN} or newer`)];
}

export function settings({ settings, settingsOf }: Facts): Finding[] {
  if (settings === undefined) {
    const remedy =
      'give --function, run it in the folder with serverless.yml, or set the variables of the function';
    return [found('unknown', 'settings', 'of the group, only what stands in the table is known', remedy)];
  }
  // Its message says what is to be done.
  if ('problem' in settings)
    return [found('error', 'settings', `${settingsOf}: ${settings.problem.message}`)];
  const { warnings, disagreements } = settings.value;
  const findings = warnings.map((warning) => found('warning', 'settings', `${settingsOf}: ${warning}`));
  if (disagreements !== undefined && disagreements.length > 0) {
    const remedy =
      'give both the same, or raise SHARDBEAT_SETTINGS_VERSION above the group’s: such a deployment does no work';
    findings.push(found('error', 'settings', `${settingsOf}: ${disagreements.join('; ')}`, remedy));
  }
  if (findings.length > 0) return findings;
  const isSame = disagreements === undefined ? '' : ", and are the group's";
  return [found('ok', 'settings', `those of ${settingsOf} can be used${isSame}`)];
}

export function group({ settings, ...facts }: Facts): Finding[] {
  if (facts.description === undefined) return [];
  if ('problem' in facts.description) {
    const { problem } = facts.description;
    const finding = unread(problem, 'dynamodb:GetItem and dynamodb:Query', 'group');
    // A right that is missing is found among the rights.
    return [isDenied(problem) ? finding : { ...finding, level: 'error' }];
  }
  const description = facts.description.value;
  const { status, consumers, shards } = description;
  if (status === 'absent') {
    const remedy =
      'the first tick makes it: see whether the schedules are enabled, and the log of the function';
    return [found('warning', 'group', 'the table has no such group', remedy)];
  }
  if (status === 'complete') return [found('note', 'group', 'it has read all up to its end')];
  const findings: Finding[] = [];
  if (status === 'paused') findings.push(found('note', 'group', 'it is paused', 'npx shardbeat resume'));
  const { slots, slotsMin } = knownOf(settings) ?? {};
  const live = consumers.filter(({ live }) => live).map(({ slot }) => slot);
  // Where their number follows the load, those that are not there need not be.
  const expected = slotsMin === undefined ? slots : undefined;
  const silent = (expected ?? consumers.map(({ slot }) => slot)).filter((slot) => !live.includes(slot));
  const wanted = slotsMin === undefined ? 0 : (description.group?.scale?.slots ?? slotsMin);
  if (silent.length === 0 && live.length < wanted) {
    const remedy = 'see the log of the starter: slots.notStarted says why, and a new slot takes some minutes';
    findings.push(found('warning', 'slots', `${live.length} of the ${wanted} that are wanted tick`, remedy));
  }
  if (silent.length > 0) {
    const says = live.length === 0 ? 'no slot ticks' : `these slots do not tick: ${silent.join(', ')}`;
    const remedy =
      'see its schedule, and the errors of the function in its log; of a slot that is gone: npx shardbeat remove';
    findings.push(found('error', 'slots', says, remedy));
  } else
    findings.push(
      found(
        'ok',
        'slots',
        `${several(live.length, 'slot')} with a heartbeat, ${several(shards.length, 'shard')}`,
      ),
    );
  return findings;
}

/** Those that go on only when somebody has done something. */
export function shards({ description }: Facts): Finding[] {
  const { shards = [] } = knownOf(description) ?? {};
  const waiting = shards.flatMap(({ shard, waits }) => (waits === undefined ? [] : [{ shard, waits }]));
  const failing = waiting.filter(({ waits }) => waits.for === 'success');
  const unlisted = waiting.filter(({ waits }) => waits.for === 'listing');
  const paused = waiting.filter(({ waits }) => waits.for === 'resume' && waits.of === 'shard');
  const findings: Finding[] = [];
  if (failing.length > 0) {
    const [thrown] = failing.flatMap(({ waits }) => (waits.for === 'success' ? (waits.message ?? []) : []));
    const last = thrown === undefined ? '' : `; at last it threw ${plain(thrown)}`;
    const says = `${failing.length} of ${shards.length} wait until your function succeeds with anything: ${idsOf(failing)}${last}`;
    const remedy =
      'mend what it writes to, or the function; nothing is given up meanwhile: delivery.outage in docs/operations.md';
    findings.push(found('error', 'shards', says, remedy));
  }
  if (unlisted.length > 0) {
    const says = `the log service does not list ${idsOf(unlisted)} any more, with records left`;
    const remedy = 'was the stream deleted, or a name in the settings changed?';
    findings.push(found('warning', 'shards', says, remedy));
  }
  if (paused.length > 0) {
    const remedy = 'npx shardbeat resume --shard ID';
    findings.push(found('note', 'shards', `paused: ${idsOf(paused)}`, remedy));
  }
  return findings;
}

const IDS_MAX = 10;

const idsOf = (shards: readonly { readonly shard: string }[]): string => {
  const ids = shards.slice(0, IDS_MAX).map(({ shard }) => shard);
  return [...ids, ...(shards.length > IDS_MAX ? ['…'] : [])].join(', ');
};

/** What a replay that was killed has left is in nobody's way, but stands there. */
export function replay(facts: Facts): Finding[] {
  const left = knownOf(facts.replay);
  if (left === undefined || left.until > 0) return [];
  const says = `one that was begun at ${moment(left.begunAt)} was killed, and has left items in the table`;
  return [found('note', 'replay', says, 'npx shardbeat replay --clear')];
}

export function stream({ stream, isLocal, settings }: Facts): Finding[] {
  if (stream === undefined) {
    if (settings !== undefined && 'problem' in settings) {
      return [found('unknown', 'log service', 'with these settings nobody can ask it')];
    }
    const remedy = 'give --function NAME, which asks it, or set all variables of the function';
    return [found('unknown', 'log service', 'nobody here can ask it', remedy)];
  }
  if ('problem' in stream) return [unreached(stream.problem)];
  const { listed, failed, asked, retentionError } = stream.value;
  if (failed.length > 0) {
    const [{ shard, error }] = failed as [(typeof failed)[number]];
    const says = `it does not tell about ${several(failed.length, 'shard')} of ${asked}; of ${shard}: ${error}`;
    return [
      found(
        'error',
        'log service',
        says,
        'check the access key and what it may do, and that the stream is there',
      ),
    ];
  }
  if (listed === undefined && asked === 0) {
    return [found('unknown', 'log service', 'the group has no shards yet about which it could be asked')];
  }
  const told = listed === undefined ? `${several(asked, 'shard')} of the group` : several(listed, 'shard');
  const ok = found('ok', 'log service', `it answers, and lets itself be read: ${told}`);
  if (retentionError === undefined || isLocal) return [ok];
  const remedy =
    'allow it to see the time that is left (docs/sls.md, docs/cls.md), or give --retention to status and lag';
  return [ok, found('note', 'retention', retentionError, remedy)];
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /Timeout|NetworkError|ENOTFOUND|ECONN/,
    'check the endpoint, the region and the way out of the network (NAT, proxy)',
  ],
  [/TimeTooSkewed|TimeExpired|SignatureExpire|RequestExpired/, 'set the clock of whoever asks'],
  [
    /Signature|Unauthorized|AuthFailure|InvalidAccessKeyId|SecretId|Forbid/,
    'check the access key: its halves, whether it is enabled, and what it may do',
  ],
  [/NotExist|NotFound/, 'check the names of the stream, and the region'],
];

function unreached({ code, message, remedy }: Problem): Finding {
  const known = REMEDIES.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1];
  return found('error', 'log service', message, remedy ?? known);
}
