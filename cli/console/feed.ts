/**
 * What the console's server and its page say to each other: types alone, which both sides import.
 *
 * The page is at `http://127.0.0.1:PORT/TOKEN/`; every other address is relative to it. Times are milliseconds since 1970 by the clock of
 * this machine, that of the browser; durations end in `Ms`. What is not known is missing.
 *
 * `GET events` is a stream of server-sent events, whose data is JSON: first `begin` (`Begin`), then one `change` (`Change`) after another.
 * A page that lost its connection gets a new `begin`, which replaces all that it had. The page adds a change to its history with
 * `withChange` of history.ts, as the server does, so that both have the same and both are bounded.
 */

/** What does not change while the server runs. */
export interface About {
  readonly group: string;
  /** For people: `local run of process 4711`, `table shop in eu-west-1`. */
  readonly place: string;
  readonly isLocal: boolean;
  /** What a command is given to mean this group, such as `--stage prod`; empty where it finds the group by itself. */
  readonly commandOptions: string;
  /** How often the table is looked at, while somebody looks. */
  readonly everyMs: number;
  /** Since when it has been observed. */
  readonly since: number;
  /** Who would redrive a dead letter; without it `cannotRedrive` says what to do. */
  readonly redrivenBy?: 'module' | 'function';
  readonly cannotRedrive?: string;
}

/** The group, as it was last seen. */
export interface State {
  /** When that was. */
  readonly at: number;
  readonly status: 'absent' | 'running' | 'paused' | 'complete' | 'idle';
  /** Of the group; without it, it is absent. */
  readonly settings?: GroupSettings;
  readonly slots: readonly SlotState[];
  readonly shards: readonly ShardState[];
  /** Over all shards: the positions together, the oldest lag, the least time that is left. */
  readonly total: Measured;
  /** When the log service was last asked; `positions`, `lagMs` and `leftMs` are of that time. */
  readonly lagAt?: number;
  /** What a position is, in the plural: `log groups`. */
  readonly unit?: string;
  readonly deadLetters?: number;
  /** What is not known, and why, each in a sentence. */
  readonly missing: readonly string[];
}

export interface GroupSettings {
  /** `sls://project/logstore`. */
  readonly stream: string;
  /** Who assigns the shards: the group's own planner, or the log service's consumer group. */
  readonly coordination: 'own' | 'service';
  readonly intervalMs: number;
  readonly sessionTimeoutMs: number;
}

/** A plan removes a slot whose session is over from the table: it stays here as it was seen last, not live, until it comes back. */
export interface SlotState {
  readonly slot: string;
  /** Its session lasts. */
  readonly live: boolean;
  /** A run of it may be at work: until its deadline, also when it has ended. */
  readonly busy: boolean;
  readonly draining: boolean;
  readonly heartbeatAt: number;
  /** End of its session, unless another heartbeat comes. */
  readonly expiresAt: number;
  /** Deadline of its last run. */
  readonly busyUntil: number;
  readonly ticks: number;
  /** Shards that the plan gives it. */
  readonly assigned: number;
  /** Shards that it has claimed last and that are not done. */
  readonly owned: number;
}

export interface Measured {
  /** How many positions are left to read. */
  readonly positions?: number;
  /** How old what comes next is; 0: read up. */
  readonly lagMs?: number;
  /** Until the retention passes the checkpoint, and records are lost; 0: it has. */
  readonly leftMs?: number;
}

export interface ShardState extends Measured {
  readonly shard: string;
  readonly state: 'open' | 'closing' | 'done' | 'givenUp';
  /** Who claimed it last. */
  readonly owner?: string;
  /** To whom the plan gives it. */
  readonly assignedTo?: string;
  /** By itself, besides the group. */
  readonly paused: boolean;
  /** How often what comes next has failed. */
  readonly failures: number;
  /** What has to happen before anything is read, in words. */
  readonly waits?: string;
  /** The kind of that, for colour and form. */
  readonly waitsFor?:
    | 'resume'
    | 'parents'
    | 'listing'
    | 'assignment'
    | 'slot'
    | 'handOff'
    | 'claim'
    | 'attempt'
    | 'success';
  readonly checkpoint: string;
  readonly parents: readonly string[];
  /** Why its lag could not be told. */
  readonly error?: string;
}

export type Row = { readonly shard: string } | { readonly slot: string };

/**
 * In the row of a shard, who has it, without gaps: `owned` by a slot whose session lasts, `unowned`, `done`. Over that, what holds it up:
 * `paused` (it or the group), `handOff` (`slot` is to have it, the owner has yet to give it up), `failing` (what comes next has failed, and
 * is tried again), `blocked` (nothing succeeds, and nothing is given up), `parents` (they go first), `unlisted` (the service does not list
 * it any more, with records left). And `overlap`: it has a new owner, and the run of the one before, `slot`, may be at work until then; the
 * epoch keeps its checkpoints out, but records may have been processed twice.
 *
 * In the row of a slot: `session`, `dead` (its session is over, and it has not come back), and over a session `draining`.
 */
export type SpanKind =
  | 'owned'
  | 'unowned'
  | 'done'
  | 'paused'
  | 'handOff'
  | 'failing'
  | 'blocked'
  | 'parents'
  | 'unlisted'
  | 'overlap'
  | 'session'
  | 'dead'
  | 'draining';

/** Something that lasted, or lasts: a bar of the timeline. */
export interface Span {
  readonly id: number;
  readonly row: Row;
  readonly kind: SpanKind;
  readonly from: number;
  /** Missing: it lasts. */
  readonly until?: number;
  /** The owner of `owned`, whom `handOff` and `overlap` are about. */
  readonly slot?: string;
  /** In words. */
  readonly why?: string;
}

/** Something that happened at a moment. */
export interface Event {
  readonly id: number;
  readonly at: number;
  readonly kind: EventKind;
  readonly tone: 'info' | 'good' | 'warning' | 'bad';
  /** A sentence without a full stop. */
  readonly text: string;
  readonly slot?: string;
  readonly shard?: string;
}

export type EventKind =
  | 'groupMade'
  | 'groupDeleted'
  | 'complete'
  | 'paused'
  | 'resumed'
  | 'slotJoined'
  | 'slotDied'
  | 'slotReturned'
  | 'slotRemoved'
  | 'draining'
  | 'undrained'
  | 'newShard'
  | 'shardDone'
  | 'shardGone'
  | 'unlisted'
  | 'listed'
  | 'claimed'
  | 'handOff'
  | 'overlap'
  | 'sought'
  | 'failing'
  | 'blocked'
  | 'recovered'
  | 'deadLettered'
  | 'lettersGone'
  | 'notSeen'
  | 'seenAgain';

/**
 * A curve for each name, each with a value for each moment of `Points.at`, as uPlot takes them; null: not known then. Of a deployed group
 * the log service is asked more seldom than the table: between its answers there are nulls, over which the curve goes on (`spanGaps`).
 */
export interface Curves {
  readonly lagMs: readonly (number | null)[];
  readonly positions: readonly (number | null)[];
  /** Positions that the checkpoint passed, in a second, over the last interval of the group. */
  readonly positionsPerSecond: readonly (number | null)[];
}

/** What was measured. Older moments lie further apart: of several that became one, it is the worst lag and the mean rate. */
export interface Points {
  readonly at: readonly number[];
  readonly all: Curves & {
    /** Records that a local run has processed, in a second. */
    readonly recordsPerSecond: readonly (number | null)[];
    readonly deadLetters: readonly (number | null)[];
  };
  readonly shards: Readonly<Record<string, Curves>>;
}

/** A time in which nobody looked. */
export interface Gap {
  readonly from: number;
  readonly until: number;
}

/** What was observed, oldest first; what is older than its limits allow has fallen away. */
export interface History {
  readonly spans: readonly Span[];
  /** When heartbeats came, by slot. */
  readonly ticks: Readonly<Record<string, readonly number[]>>;
  readonly points: Points;
  readonly events: readonly Event[];
  readonly gaps: readonly Gap[];
}

/** One moment of every curve. */
export interface Point {
  readonly at: number;
  readonly all: PointValues & { readonly recordsPerSecond?: number; readonly deadLetters?: number };
  readonly shards: Readonly<Record<string, PointValues>>;
}

export interface PointValues {
  readonly lagMs?: number;
  readonly positions?: number;
  readonly positionsPerSecond?: number;
}

/** What is new or different in the history. */
export interface Changes {
  /** New ones, and those that ended or are told differently: by `id`. */
  readonly spans: readonly Span[];
  readonly ticks: Readonly<Record<string, readonly number[]>>;
  readonly points: readonly Point[];
  readonly events: readonly Event[];
  readonly gaps: readonly Gap[];
}

/** How it is now. */
export interface Now {
  /** As it was last seen; missing until then. */
  readonly state?: State;
  /** Why it could not be seen when it was looked at last, with the remedy. */
  readonly failure?: string;
}

/** Data of the event `begin`. */
export interface Begin extends Now {
  readonly about: About;
  /** When this was told, by the clock of the server's machine. */
  readonly now: number;
  readonly history: History;
}

/** Data of the event `change`. */
export interface Change extends Now {
  readonly changes: Changes;
}

/**
 * `GET dead-letters?shard=ID&error=TEXT&limit=N`: those that fit. `limit` is 100 unless given, and 1000 at most.
 */
export interface LettersAnswer {
  /** How many there are, whichever. */
  readonly all?: number;
  readonly letters: readonly Letter[];
  /** There are more that fit than were listed. */
  readonly more: boolean;
}

export interface Letter {
  readonly id: string;
  readonly shard: string;
  readonly givenUpAt: number;
  /** Of the record itself. */
  readonly timeMs: number;
  readonly reason: 'failed' | 'timedOut' | 'died' | 'tooOld';
  /** The same in words. */
  readonly why: string;
  readonly attempts: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The beginning of what was thrown last, before it was given up. */
  readonly message: string;
  /** How often it was given once more, and what was thrown at last. */
  readonly redrives: number;
  readonly redriveMessage?: string;
  /** A redrive has it, or had it when it was interrupted, until then. */
  readonly claimedUntil?: number;
}

/** `GET dead-letters/ID`, with the id encoded (`encodeURIComponent`): one with its payload. */
export interface LetterAnswer extends Letter {
  readonly stream: Readonly<Record<string, string>>;
  readonly from: string;
  readonly to: string;
  readonly index: number;
  readonly functionVersion?: string;
  /** Missing: it was too large to be kept, and a redrive reads it from the stream, as long as that has it. */
  readonly record?: {
    readonly topic: string;
    readonly source: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly fields: readonly { readonly key: Content; readonly value: Content }[];
    /** So many more fields are not told: the record is too large for a page. */
    readonly fieldsLeft: number;
  };
}

/** Bytes that somebody wrote. What is no UTF-8 is shown as hexadecimal digits. */
export interface Content {
  readonly text: string;
  readonly as: 'text' | 'hex';
  /** Of all of it. */
  readonly bytes: number;
  /** `text` is its beginning. */
  readonly cut: boolean;
}

/** `POST pause` and `POST resume`: one shard, or the group. The answer to `resume` names shards that stay paused by themselves. */
export interface PauseRequest {
  readonly shard?: string;
}
export interface PauseAnswer {
  readonly done: 'paused' | 'resumed';
  readonly stillPaused: readonly string[];
}

/** `POST redrive` and `POST drop`: one by its id, those that fit, or all. Nothing said is refused. */
export interface LettersRequest {
  readonly id?: string;
  readonly shard?: string;
  readonly error?: string;
  readonly all?: true;
}
export interface RedriveAnswer {
  /** The function succeeded, and they are gone. */
  readonly redriven: number;
  /** It failed again: they stay. */
  readonly failed: number;
  /** Another redrive has them. */
  readonly skipped: number;
  /** How many there are now. */
  readonly left?: number;
  /** What was thrown, of one that was named by its id. */
  readonly message?: string;
}
export interface DropAnswer {
  readonly dropped: number;
  /** A redrive has them: they stay. */
  readonly skipped: number;
}

/** Every other answer than success: what is wrong, with the remedy. */
export interface Refusal {
  readonly error: string;
}

/** Every `POST` has the content type `application/json`, and this as its body, in JSON; a request without anything is `{}`. */
export interface Requests {
  readonly pause: PauseRequest;
  readonly resume: PauseRequest;
  readonly redrive: LettersRequest;
  readonly drop: LettersRequest;
}
