import { signalOf } from '../abort.ts';
import type { DeadLetterStore } from '../delivery/deadLetters/deadLetters.ts';
import { type LetterOperations, operateOnLetters } from '../delivery/openLetters.ts';
import { type GroupOperations, operateOn } from '../group/open.ts';
import type { GroupStore } from '../group/store.ts';
import type { Logger } from '../observe/logger.ts';
import type { ReplayTable } from '../replay/replay.ts';
import type { Clock, Random } from '../runtime.ts';
import type { Source } from '../sources/source.ts';
import type { Deployed } from './deployed.ts';
import { operateOnReplays, type ReplayedGroup, type ReplayOperations } from './openReplay.ts';

/** A group that is operated on, with its dead letters and its replays. Each call is safe while its consumers run; if it stops half-way, do it again. */
export interface OpenGroup extends GroupOperations, LetterOperations, ReplayOperations {}

export interface OpenedGroup {
  group: string;
  store: GroupStore;
  deadLetters: DeadLetterStore;
  /** Needed to seek to a position, and for records that were too large to be kept. */
  source?: Source | undefined;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Where its replays keep what they know. */
  replayTable: ReplayTable;
  tableName?: string | undefined;
  /** Of the function, where they are known. */
  settings?: ReplayedGroup['settings'];
  /** The function that is asked for what only the log service knows, where there is no source. */
  deployed?: Deployed | undefined;
  /** What to add to our clock to have the table's, as far as an answer has told. */
  skewMs?: () => number;
}

/** The operations of a group, in its own time. */
export function operate({ deadLetters: letters, ...opened }: OpenedGroup): OpenGroup {
  const { store, clock, source, deployed, skewMs = () => 0 } = opened;
  const letterOperations = operateOnLetters({
    ...opened,
    letters,
    source,
    now: () => clock.now() + skewMs(),
    redriveByFunction: deployed?.redrive,
    synchronize: (options) => store.get('GROUP', { ...options, consistent: false }),
  });
  const replays = operateOnReplays({
    ...opened,
    source,
    skewMs,
    table: opened.replayTable,
    byFunction: deployed?.replay,
  });
  const operations = removingReplays(operateOn({ ...opened, skewMs }), replays);
  const asking = source === undefined && deployed !== undefined ? askingOf(deployed, operations) : {};
  return { ...operations, ...asking, ...letterOperations, ...replays };
}

/** With a group goes what a replay of it has left. */
function removingReplays(operations: GroupOperations, replays: ReplayOperations): GroupOperations {
  return {
    ...operations,
    async delete(options = {}) {
      const left = await replays.replayLeft(options);
      if (left !== undefined && left.until > 0) return { deleted: false, live: [REPLAY] };
      const answer = await operations.delete(options);
      if (left !== undefined && answer.deleted && !options.dryRun) await replays.clearReplay(options);
      return answer;
    },
  };
}

/** In the place of the slots that are live. */
const REPLAY = 'replay';

/** What needs the log service, done by the function. A cursor needs none. */
function askingOf(deployed: Deployed, operations: GroupOperations): Pick<GroupOperations, 'lag' | 'seek'> {
  return {
    lag: (options) => deployed.lag(signalOf(options).signal),
    seek: ({ to, ...request }, options) =>
      'cursor' in to
        ? operations.seek({ ...request, to }, options)
        : deployed.seek({ ...request, to }, signalOf(options).signal),
  };
}
