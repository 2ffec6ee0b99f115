/** What is wrong with a group, worst first, and what to type: all that somebody has to know who was woken by an alarm. */
import { about as duration, several } from '../../amounts.ts';
import type { About, State } from '../feed.ts';
import { because, type Finding, type Level, type Rule } from './findings.ts';
import { absent, deadSlots, draining, letters, nobodyTicks, paused, unknown } from './groupRules.ts';
import { behind, blocked, failing, littleTime, lost, unassigned, unlisted } from './shardRules.ts';

export interface Verdict {
  /** The worst, or that all is well. */
  readonly first: Finding;
  readonly others: readonly Finding[];
  /** What it costs to wait. */
  readonly waiting: string;
}

const ORDER: readonly Level[] = ['bad', 'warning', 'note', 'good'];

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
