/** What is wrong with a group, worst first, and what to type: all that somebody has to know who was woken by an alarm. */
import { about as duration, several } from '../../amounts.ts';
import type { About, ShardState, State } from '../feed.ts';

/** `bad`: records are lost, or nothing gets on. `warning`: something waits for a person. `note`: as somebody wanted it. */
export type Level = 'good' | 'note' | 'warning' | 'bad';

export interface Finding {
  readonly level: Level;
  /** A whole sentence. */
  readonly says: string;
  /** What is known besides: what was thrown. */
  readonly because?: string;
  /** What to do about it, in words. */
  readonly advice?: string;
  /** What to type. */
  readonly command?: string;
  /** Of whom it tells, where that is one. */
  readonly shard?: string;
  readonly slot?: string;
}

export interface Verdict {
  /** The worst, or that all is well. */
  readonly first: Finding;
  readonly others: readonly Finding[];
  /** What it costs to wait. */
  readonly waiting: string;
}

/** How much of a group's lag is no news, in intervals, and at least. */
const LAG_INTERVALS = 10;
const LAG_MS_MIN = 60_000;
/** So little is left that there is no time to lose. */
const LEFT_MS_MIN = 6 * 3_600_000;
const NAMES_MAX = 3;
const FOREVER_MS = Number.MAX_SAFE_INTEGER;
const ORDER: readonly Level[] = ['bad', 'warning', 'note', 'good'];

export function verdictOf(about: About, state: State | undefined, failure: string | undefined): Verdict {
  const command = (words: string): string =>
    ['npx shardbeat', words, about.commandOptions].filter((part) => part !== '').join(' ');
  if (state === undefined) {
    const says =
      failure === undefined ? 'The group has not been looked at yet.' : 'The group cannot be seen.';
    const first: Finding = { level: failure === undefined ? 'note' : 'bad', says, ...because(failure) };
    return { first, others: [], waiting: '' };
  }
  const findings = RULES.flatMap((rule) => rule(state, command));
  if (failure !== undefined) {
    const says = 'The group cannot be seen any more: what stands here is old.';
    findings.unshift({ level: 'bad', says, ...because(failure) });
  }
  const sorted = ORDER.flatMap((level) => findings.filter((finding) => finding.level === level));
  const isWell = sorted.every(({ level }) => level === 'note');
  const [first, ...others] = isWell ? [allIsWell(state), ...sorted] : sorted;
  return { first: first!, others, waiting: waitingOf(state) };
}

type Rule = (state: State, command: (words: string) => string) => Finding[];

const because = (text: string | undefined) => (text === undefined || text === '' ? {} : { because: text });

const openOf = ({ shards }: State): readonly ShardState[] => shards.filter(({ state }) => state !== 'done');

/** `shard 3`, `shards 1, 2 and 3`, `shards 1, 2, 3 and 40 more`. */
export function named(kind: 'shard' | 'slot', names: readonly string[]): string {
  const noun = kind === 'shard' ? (names.length === 1 ? 'shard ' : 'shards ') : '';
  const shown = names.length > NAMES_MAX + 1 ? names.slice(0, NAMES_MAX) : names;
  const rest = names.length - shown.length;
  const words = rest > 0 ? [...shown, `${rest} more`] : shown;
  return `${noun}${words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : (words[0] ?? '')}`;
}

/** Of some shards in one finding: the one that has the least time stands for all. */
function ofShards(
  shards: readonly ShardState[],
  finding: (names: string, worst: ShardState) => Omit<Finding, 'shard'>,
): Finding[] {
  const [worst] = shards.toSorted(
    (one, other) =>
      (one.leftMs ?? FOREVER_MS) - (other.leftMs ?? FOREVER_MS) || (other.lagMs ?? 0) - (one.lagMs ?? 0),
  );
  if (worst === undefined) return [];
  return [
    {
      ...finding(
        named(
          'shard',
          shards.map(({ shard }) => shard),
        ),
        worst,
      ),
      shard: worst.shard,
    },
  ];
}

const ofOwner = ({ owner }: ShardState): string => (owner === undefined ? '' : ` of ${owner}`);

const waitsText = ({ shard, waits }: ShardState): string | undefined =>
  waits === undefined ? undefined : `Shard ${shard} waits for ${waits}`;

const lost: Rule = (state, command) =>
  ofShards(
    openOf(state).filter(({ leftMs }) => leftMs === 0),
    (names) => ({
      level: 'bad',
      says: `Records are lost: the retention has passed the checkpoint of ${names}.`,
      advice: 'Keep records for longer at the log service; see what the shard waits for.',
      command: command('status'),
    }),
  );

const nobodyTicks: Rule = ({ status, slots }, command) =>
  status !== 'idle'
    ? []
    : [
        {
          level: 'bad',
          says:
            slots.length === 0
              ? 'No slot has ever ticked: nothing is read.'
              : `No slot ticks, the last one ${named('slot', [lastOf(slots)])}: nothing is read.`,
          advice: 'See its schedule, and the errors of the function in its log.',
          command: command('doctor'),
        },
      ];

const lastOf = (slots: State['slots']): string =>
  slots.toSorted((one, other) => other.heartbeatAt - one.heartbeatAt)[0]!.slot;

const blocked: Rule = (state, command) =>
  ofShards(
    openOf(state).filter(({ waitsFor }) => waitsFor === 'success'),
    (names, worst) => ({
      level: 'bad',
      says: `Nothing succeeds in ${names}${ofOwner(worst)}: it waits, and gives nothing up.`,
      ...because(waitsText(worst)),
      advice: 'Mend what your function writes to, or the function; then it goes on by itself.',
      command: command('watch'),
    }),
  );

const littleTime: Rule = (state, command) =>
  ofShards(
    openOf(state).filter(
      ({ leftMs, lagMs = 0 }) =>
        leftMs !== undefined && leftMs > 0 && (leftMs < LEFT_MS_MIN || leftMs < lagMs),
    ),
    (names, { leftMs, lagMs }) => ({
      level: leftMs! < LEFT_MS_MIN ? 'bad' : 'warning',
      says: `In ${duration(leftMs!)} records are lost: the retention passes the checkpoint of ${names}.`,
      ...(lagMs !== undefined && { because: `What comes next is ${duration(lagMs)} old.` }),
      command: command('lag'),
    }),
  );

const deadSlots: Rule = ({ status, slots, at }, command) => {
  const dead = status === 'idle' ? [] : slots.filter(({ live }) => !live);
  if (dead.length === 0) return [];
  const [first] = dead;
  const one = dead.length === 1;
  return [
    {
      level: 'warning',
      says: one
        ? `${first!.slot} is dead: it has not ticked for ${duration(at - first!.heartbeatAt)}.`
        : `${dead.length} of ${slots.length} slots are dead: ${named(
            'slot',
            dead.map(({ slot }) => slot),
          )}.`,
      advice: `${one ? 'Its' : 'Their'} shards go to the others. One that is not to come back: remove it.`,
      command: command('doctor'),
      ...(one && { slot: first!.slot }),
    },
  ];
};

const unlisted: Rule = (state, command) =>
  ofShards(
    openOf(state).filter(({ waitsFor }) => waitsFor === 'listing'),
    (names) => ({
      level: 'warning',
      says: `The log service does not list ${names} any more, and records are left.`,
      advice: 'Was the stream deleted, or a name in the settings changed?',
      command: command('doctor'),
    }),
  );

const failing: Rule = (state, command) =>
  ofShards(
    openOf(state).filter(
      ({ waitsFor, failures }) => waitsFor === 'attempt' || (failures > 0 && waitsFor === undefined),
    ),
    (names, worst) => ({
      level: 'warning',
      says: `The function fails in ${names}${ofOwner(worst)}, and is tried again.`,
      ...because(waitsText(worst)),
      advice:
        'A record that alone fails becomes a dead letter by itself. Once it is mended, this tries it at once:',
      command: command(`seek ${worst.shard} --cursor ${worst.checkpoint}`),
    }),
  );

const letters: Rule = ({ deadLetters = 0 }, command) =>
  deadLetters === 0
    ? []
    : [
        {
          level: 'warning',
          says: `${several(deadLetters, 'dead letter')} ${deadLetters === 1 ? 'waits' : 'wait'} for somebody to redrive or drop ${deadLetters === 1 ? 'it' : 'them'}.`,
          advice: 'Mend your function, then give it to it once more:',
          command: command('redrive'),
        },
      ];

/** What stands still for a reason is told by that reason. */
const behind: Rule = (state, command) => {
  const most = Math.max(LAG_MS_MIN, LAG_INTERVALS * (state.settings?.intervalMs ?? 0));
  if (state.status !== 'running') return [];
  return ofShards(
    openOf(state).filter(
      ({ lagMs = 0, waitsFor, failures }) => lagMs > most && waitsFor === undefined && failures === 0,
    ),
    (names, { lagMs }) => ({
      level: 'warning',
      says: `${names.replace('s', 'S')} ${names.startsWith('shards') ? 'are' : 'is'} ${duration(lagMs!)} behind.`,
      advice:
        'If that does not shrink, the function is slower than what comes in: more slots, or more memory.',
      command: command('watch'),
    }),
  );
};

const paused: Rule = (state, command) => {
  if (state.status === 'paused')
    return [{ level: 'warning', says: 'The group is paused: nothing is read.', command: command('resume') }];
  return ofShards(
    openOf(state).filter(({ paused: isPaused }) => isPaused),
    (names, worst) => ({
      level: 'note',
      says: `Paused: ${names}.`,
      command: command(`resume --shard ${worst.shard}`),
    }),
  );
};

const unassigned: Rule = (state, command) =>
  ofShards(
    openOf(state).filter(({ waitsFor }) => waitsFor === 'assignment'),
    (names) => ({
      level: 'note',
      says: `Nobody has ${names} yet: the next plan gives ${names.startsWith('shards') ? 'them' : 'it'} to a slot.`,
      advice: 'If that lasts: do all slots drain, or are they full?',
      command: command('doctor'),
    }),
  );

const draining: Rule = ({ slots }, command) => {
  const some = slots.filter((slot) => slot.draining && slot.live).map(({ slot }) => slot);
  if (some.length === 0) return [];
  const says = `${named('slot', some)} ${some.length === 1 ? 'drains' : 'drain'}, and ${some.length === 1 ? 'is' : 'are'} given no shard.`;
  return [{ level: 'note', says, command: command(`undrain ${some[0]}`) }];
};

const absent: Rule = ({ status }, command) =>
  status === 'absent'
    ? [
        {
          level: 'warning',
          says: 'There is no such group yet: its first tick makes it.',
          command: command('doctor'),
        },
      ]
    : [];

const unknown: Rule = ({ missing }) => missing.map((text) => ({ level: 'note', says: `Not known: ${text}` }));

/** Of the same level, the order in which they are told. */
const RULES: readonly Rule[] = [
  lost,
  nobodyTicks,
  blocked,
  littleTime,
  absent,
  paused,
  deadSlots,
  unlisted,
  behind,
  failing,
  letters,
  unassigned,
  draining,
  unknown,
];

function allIsWell({ status, slots, shards, total }: State): Finding {
  if (status === 'complete')
    return { level: 'good', says: 'All is done: everything up to the end time was read.' };
  const live = slots.filter(({ live }) => live).length;
  const read = shards.filter(({ state }) => state !== 'done').length;
  const lag =
    total.lagMs === undefined
      ? ''
      : total.lagMs === 0
        ? ', and everything is read'
        : `, and what comes next is ${duration(total.lagMs)} old`;
  return {
    level: 'good',
    says: `All is well: ${several(live, 'slot')} ${live === 1 ? 'has' : 'have'} ${several(read, 'shard')}${lag}.`,
  };
}

function waitingOf({ total, lagAt, shards, status }: State): string {
  if (status === 'absent' || status === 'complete') return '';
  const { leftMs, lagMs, positions } = total;
  if (leftMs !== undefined) {
    const whose = shards.find((shard) => shard.leftMs === leftMs);
    if (leftMs === 0) return 'Each further minute, more is lost.';
    return `Nothing is lost for ${duration(leftMs)}: then the retention passes the checkpoint${whose === undefined ? '' : ` of shard ${whose.shard}`}.`;
  }
  if (lagAt === undefined) return 'How far behind it is, is not known.';
  if (lagMs === 0 || positions === 0) return 'Nothing is lost by waiting: no record is left to read.';
  return 'How long records are kept is not known, or they are kept for good.';
}
