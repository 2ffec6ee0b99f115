/**
 * The range of records from the cursor to `to`, of which something was given to the user's function and not all is finished. Places are
 * counted in records, from the cursor on. The rules are in delivery/attempt.ts and what it stands on.
 */
export interface Pending {
  /** Cursor after the range: it comes again as it was, also if more was written meanwhile. */
  to: string;
  /** How many records it had when it was begun. Some at its beginning may be past the retention since: places are counted as before. */
  count: number;
  /** So many records are finished: processed, or given up. */
  done: number;
  /** How many are given next. Absent: all that are left. */
  size?: number;
  /** How long a record takes, where time has run out before: what a new sandbox goes by. */
  msPerRecord?: number;
  /** A failure is suspected before this place. */
  until?: number;
  /** How often has failed what comes next. */
  attempts: number;
  /**
   * So many records from `done` on, and on behind the range, have each failed as often as is allowed; `attempts` is of the one after
   * them.
   */
  block?: number;
  /** So many of those have just been tried again, in runs that could do no more. */
  tried?: number;
  /** When the block's last record first failed, if it had not failed together with the first one. */
  joinedAt?: number;
  firstAt?: number;
  /** When it last failed. */
  lastAt?: number;
  /** When something of the range last succeeded. */
  successAt?: number;
  /** Not before then it is tried again. */
  notBefore?: number;
  /** Beginning of what it has failed with. */
  message?: string;
  /**
   * The run to which it was given, and when, noted beforehand: another one that finds it knows that that run died. `place`: of a record of
   * the block.
   */
  inWork?: { run: string; at: number; place?: number };
  /** When it was begun, or the first of the block was, something else had succeeded since it had failed before. */
  proven?: true;
  /** It may have killed the run to which it was given. */
  deadly?: boolean;
  /** Given up, and why: records from `done` on, and on behind the range, that are not tried again. Then it goes on at `resume`. */
  condemned?: { count: number; resume: number; reason: GivenUp };
  /** What comes after the range and is tried, where the block reaches its end: ranges of their own, each up to a cursor. */
  behind?: readonly { to: string; count: number }[];
  /** How many of their records are finished, once they are what it goes on with. */
  behindDone?: number;
}

/** Why a record was given up: it failed, ran out of time, or was in work when a run died, too often; or it was never given. */
export type GivenUp = 'failed' | 'timedOut' | 'died' | 'tooOld';
