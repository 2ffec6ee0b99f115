/** What may be wrong with shards. */
import { about as duration } from '../../amounts.ts';
import type { ShardState } from '../feed.ts';
import { because, ofShards, openOf, type Rule } from './findings.ts';

/** How much of a group's lag is no news, in intervals, and at least. */
const LAG_INTERVALS = 10;
const LAG_MS_MIN = 60_000;
/** So little is left that there is no time to lose. */
const LEFT_MS_MIN = 6 * 3_600_000;

const ofOwner = ({ owner }: ShardState): string => (owner === undefined ? '' : ` of ${owner}`);

const waitsText = ({ shard, waits }: ShardState): string | undefined =>
  waits === undefined ? undefined : `Shard ${shard} waits for ${waits}`;

export const lost: Rule = (state, command) =>
  ofShards(
    openOf(state).filter(({ leftMs }) => leftMs === 0),
    (names) => ({
      level: 'bad',
      says: `Records are lost: the retention has passed the checkpoint of ${names}.`,
      advice: 'Keep records for longer at the log service; see what the shard waits for.',
      command: command('status'),
    }),
  );

export const blocked: Rule = (state, command) =>
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

export const littleTime: Rule = (state, command) =>
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

export const unlisted: Rule = (state, command) =>
  ofShards(
    openOf(state).filter(({ waitsFor }) => waitsFor === 'listing'),
    (names) => ({
      level: 'warning',
      says: `The log service does not list ${names} any more, and records are left.`,
      advice: 'Was the stream deleted, or a name in the settings changed?',
      command: command('doctor'),
    }),
  );

export const failing: Rule = (state, command) =>
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

/** What stands still for a reason is told by that reason. */
export const behind: Rule = (state, command) => {
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

export const unassigned: Rule = (state, command) =>
  ofShards(
    openOf(state).filter(({ waitsFor }) => waitsFor === 'assignment'),
    (names) => ({
      level: 'note',
      says: `Nobody has ${names} yet: the next plan gives ${names.startsWith('shards') ? 'them' : 'it'} to a slot.`,
      advice: 'If that lasts: do all slots drain, or are they full?',
      command: command('doctor'),
    }),
  );
