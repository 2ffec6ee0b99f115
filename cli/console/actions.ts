/** What the page may do to a group: what the commands of the same names do. */
import { SettingsError } from '../../lib/errors.ts';
import type { LetterFilter, OpenGroup } from '../../lib/operations.ts';
import type { DropAnswer, LettersRequest, PauseAnswer, PauseRequest, RedriveAnswer } from './feed.ts';
import { findLetter } from './letters.ts';
import type { Redriver } from './redriver.ts';
import { Refused } from './refused.ts';

export interface Actions {
  pause(request: PauseRequest): Promise<PauseAnswer>;
  resume(request: PauseRequest): Promise<PauseAnswer>;
  redrive(request: LettersRequest): Promise<RedriveAnswer>;
  drop(request: LettersRequest): Promise<DropAnswer>;
}

export function createActions(group: OpenGroup, redriver: Redriver, signal: AbortSignal): Actions {
  let isRedriving = false;
  return {
    pause: ({ shard }) => doneTo(group, 'pause', shard, signal),
    resume: ({ shard }) => doneTo(group, 'resume', shard, signal),
    async redrive(request) {
      if (isRedriving) throw new Refused(409, 'A redrive is at work: wait until it has ended.');
      isRedriving = true;
      try {
        const { redriven, failed, skipped, left } = await redriver.redrive(filterOf(request));
        const message =
          request.id === undefined || failed === 0 ? undefined : await lastMessage(group, request.id, signal);
        return {
          redriven,
          failed,
          skipped,
          ...(left !== undefined && { left }),
          ...(message !== undefined && { message }),
        };
      } finally {
        isRedriving = false;
      }
    },
    drop: (request) => group.dropDeadLetters(request.all === true ? 'all' : filterOf(request), { signal }),
  };
}

const filterOf = ({ all: _all, ...filter }: LettersRequest): LetterFilter => filter;

async function doneTo(
  group: OpenGroup,
  what: 'pause' | 'resume',
  shard: string | undefined,
  signal: AbortSignal,
): Promise<PauseAnswer> {
  const { status, shards } = await group.describe({ signal });
  if (status === 'absent') throw new Refused(409, 'The table has no such group: its first tick makes it.');
  await group[what]({ shard, signal });
  const isStill = shards.filter((one) => one.paused === true && one.state !== 'done' && one.shard !== shard);
  const stillPaused = what === 'resume' && shard === undefined ? isStill.map((one) => one.shard) : [];
  return { done: what === 'pause' ? 'paused' : 'resumed', stillPaused };
}

/** What it was told this time; where the letters are elsewhere, that may not be known. */
async function lastMessage(group: OpenGroup, id: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await findLetter(group, id, signal))?.redriveMessage;
  } catch (error) {
    if (error instanceof SettingsError) return undefined;
    throw error;
  }
}
