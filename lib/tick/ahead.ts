import { type Asked, ask, pullTurn, sizeOf } from './pull.ts';
import type { Ahead, Answer, Reading } from './reading.ts';

/** Asks for what stands behind a range that is about to be given to the user's function, if there is room for it. */
export function pullAhead(reading: Reading, cursor: string): void {
  const { context, at, endCursor, holder } = reading;
  const room = holder.ahead();
  if (room === undefined) return;
  const { budget } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([budget.work, stop.signal]);
  const turn = pullTurn(context, at, signal);
  const asked: Asked = { cursor, endCursor, signal, bytesMax: room.bytes };
  const answer = turn.then((isInTime) =>
    isInTime && !signal.aborted ? measured(ahead, reading, asked) : 'deadline',
  );
  const ahead: Ahead = {
    cursor,
    turn,
    answer,
    failed: false,
    wantedAt: Number.POSITIVE_INFINITY,
    stop,
    room,
  };
  reading.ahead = ahead;
  answer.catch(() => {
    ahead.failed = true;
  });
}

/** Counts what it takes as long as nobody waits for it. */
async function measured(ahead: Ahead, reading: Reading, asked: Asked): Promise<Answer> {
  const { clock, meter } = reading.context;
  const askedAt = clock.now();
  try {
    const answer = await ask(reading, asked);
    ahead.room.filled(sizeOf(answer));
    return answer;
  } finally {
    meter.add('pullAheadMs', Math.max(0, Math.min(clock.now(), ahead.wantedAt) - askedAt));
  }
}

/**
 * What was pulled ahead at this cursor. Undefined: nothing was, or it is to be asked for again: a failure for which nobody has waited is
 * none yet. One that comes while it is waited for is thrown.
 */
export async function takeAhead(reading: Reading, cursor: string): Promise<Answer | undefined> {
  const { ahead, context } = reading;
  if (ahead === undefined) return undefined;
  if (ahead.cursor !== cursor || ahead.failed) {
    dropAhead(reading);
    return undefined;
  }
  reading.ahead = undefined;
  // Freed with all that is in hand, whatever it comes to.
  reading.holder.took(ahead.room);
  ahead.wantedAt = context.clock.now();
  return context.meter.timed('pullMs', () => ahead.answer);
}

/** Whatever becomes of it is of no interest any more. */
export function dropAhead(reading: Reading): void {
  reading.ahead?.stop.abort(new DOMException('what was pulled ahead is not wanted', 'AbortError'));
  reading.ahead?.room.free();
  reading.ahead = undefined;
}
