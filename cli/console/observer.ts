/** What is learnt of a group by looking at it again and again: pure, from one look to the next. */
import type { Distance } from '../../lib/distance.ts';
import type { Look } from '../look.ts';
import { plain } from '../text.ts';
import { type Happening, isSameGroup } from './between.ts';
import { withDeadSlots } from './deadSlots.ts';
import type { Changes, Event, Gap, History, Measured, Point, PointValues, Span, State } from './feed.ts';
import { happeningsBetween } from './happenings.ts';
import { EMPTY_HISTORY, withChanges } from './history.ts';
import { type Overlap, overlapsIn } from './overlap.ts';
import { type Progress, progressed, ratesOf } from './progress.ts';
import { type Standing, standingOf } from './standing.ts';
import { type AskedLag, clockOf, stateOf } from './state.ts';

/** All that is remembered of what was seen. */
export interface Observed {
  readonly history: History;
  readonly state?: State;
  readonly failure?: string;
  /** The last look. */
  readonly look?: Look;
  readonly asked?: AskedLag;
  /** Bars that last, by what they are about. */
  readonly lasting: ReadonlyMap<string, Span>;
  readonly overlaps: ReadonlyMap<string, Overlap>;
  readonly recent: readonly Progress[];
  readonly ids: number;
}

export const NOTHING_OBSERVED: Observed = {
  history: EMPTY_HISTORY,
  lasting: new Map(),
  overlaps: new Map(),
  recent: [],
  ids: 0,
};

const NO_CHANGES: Changes = { spans: [], ticks: {}, points: [], events: [], gaps: [] };

export interface Observing {
  /** Longer than that between two looks, and nobody knows what was in between. */
  readonly gapMs: number;
  /** How far two checkpoints of a stream are apart. */
  distanceIn(stream: string): Distance | undefined;
  /** How many records a local run has processed so far. */
  readonly records?: number | undefined;
}

/** What is known after another look, and what of it is new. */
export function observe(
  before: Observed,
  seen: Look,
  observing: Observing,
): { observed: Observed; changes: Changes } {
  // A clock that was put back would have things end before they began.
  const at = Math.max(seen.at, before.look?.at ?? seen.at);
  const look = withDeadSlots({ ...seen, at }, before.look);
  const { group } = look.description;
  const distance = group && observing.distanceIn(group.settings.stream);
  const isFirst = before.look === undefined || !isSameGroup(before.look.description, look.description);
  const asked = look.lag === undefined ? before.asked : { lag: look.lag, at: look.at };
  const overlaps = overlapsIn(look, isFirst ? undefined : before.look, isFirst ? new Map() : before.overlaps);
  const recent = progressed(before.recent, {
    before: before.look,
    look,
    distance,
    records: observing.records,
  });
  const happened =
    before.look === undefined ? [] : happeningsBetween({ before: before.look, look, overlaps, distance });
  const numbers = numberedFrom(before.ids);
  const { lasting, changed } = spansAfter(before, look, standingOf(look, overlaps), numbers.next);
  const changes: Changes = {
    spans: changed,
    ticks: ticksSince(isFirst ? undefined : before.look, look),
    points: [pointOf(look, asked, recent)],
    events: [...seenAgain(before), ...happened]
      .map((happening) => ({ ...happening, at: within(happening.at, before.look, look) }))
      .toSorted((one, other) => one.at - other.at)
      .map((happening): Event => ({ id: numbers.next(), ...happening })),
    gaps: gapBefore(before.look, look, observing.gapMs),
  };
  const observed = {
    history: withChanges(before.history, changes),
    state: stateOf(look, asked),
    look,
    ...(asked !== undefined && { asked }),
    lasting,
    overlaps,
    recent,
    ids: numbers.used(),
  };
  return { observed, changes };
}

/** The group could not be seen; what was known of it stays. */
export function observeFailure(
  before: Observed,
  failure: string,
  at: number,
): { observed: Observed; changes: Changes } {
  if (before.failure !== undefined) return { observed: { ...before, failure }, changes: NO_CHANGES };
  const { next, used } = numberedFrom(before.ids);
  const event: Event = {
    id: next(),
    at,
    kind: 'notSeen',
    tone: 'bad',
    text: `the group cannot be seen: ${plain(failure)}`,
  };
  const changes = { ...NO_CHANGES, events: [event] };
  return {
    observed: { ...before, failure, ids: used(), history: withChanges(before.history, changes) },
    changes,
  };
}

const seenAgain = ({ failure }: Observed): Happening[] =>
  failure === undefined ? [] : [{ kind: 'seenAgain', tone: 'good', text: 'the group is seen again' }];

function numberedFrom(used: number) {
  let latest = used;
  return { next: () => ++latest, used: () => latest };
}

/** What the table tells of a time is taken for true as far as the two looks leave room for it. */
const within = (time: number | undefined, before: Look | undefined, look: Look): number =>
  Math.min(look.at, Math.max(before?.at ?? look.at, time ?? look.at));

const keyOf = ({ row, about }: Standing): string => JSON.stringify([row, about]);

const isSameBar = (span: Span, { kind, slot }: Standing): boolean => span.kind === kind && span.slot === slot;

/** Ends the bars that last no longer, and begins those that are new. */
function spansAfter(
  { lasting: before, look: earlier }: Observed,
  look: Look,
  standing: readonly Standing[],
  nextId: () => number,
) {
  const now = new Map(standing.map((bar) => [keyOf(bar), bar]));
  const lasting = new Map<string, Span>();
  const changed: Span[] = [];
  const begin = (key: string, bar: Standing): number => {
    const { about: _about, since, why, slot, ...rest } = bar;
    const from = within(since, earlier, look);
    const span = {
      id: nextId(),
      ...rest,
      from,
      ...(slot !== undefined && { slot }),
      ...(why !== undefined && { why }),
    };
    lasting.set(key, span);
    changed.push(span);
    return from;
  };
  for (const [key, span] of before) {
    const bar = now.get(key);
    if (bar !== undefined && isSameBar(span, bar)) {
      const told = bar.why === undefined || bar.why === span.why ? span : { ...span, why: bar.why };
      lasting.set(key, told);
      if (told !== span) changed.push(told);
    } else
      changed.push({ ...span, until: bar === undefined ? look.at : Math.max(span.from, begin(key, bar)) });
  }
  for (const [key, bar] of now) if (!before.has(key)) begin(key, bar);
  return { lasting, changed };
}

/** Of each slot the last heartbeat, unless it is known: what came between two looks that lie further apart was not seen. */
function ticksSince(before: Look | undefined, look: Look): Changes['ticks'] {
  const known = new Map(before?.description.consumers.map(({ slot, heartbeatAt }) => [slot, heartbeatAt]));
  const toClock = clockOf(look);
  const fresh = look.description.consumers.filter(
    ({ slot, heartbeatAt, live }) => live && known.get(slot) !== heartbeatAt,
  );
  return Object.fromEntries(fresh.map(({ slot, heartbeatAt }) => [slot, [toClock(heartbeatAt)]]));
}

/** Where the log service is asked now and then, what it told is of those moments; where it never is, the ticks' notes have to do. */
function pointOf(look: Look, asked: AskedLag | undefined, recent: readonly Progress[]): Point {
  const { at, lag, deadLetters } = look;
  const rates = ratesOf(recent, look);
  const { total, shards } = stateOf(look, lag && { lag, at });
  const told = (of: Measured): PointValues => {
    const { positions, lagMs } = lag === undefined && asked !== undefined ? {} : of;
    return { ...(positions !== undefined && { positions }), ...(lagMs !== undefined && { lagMs }) };
  };
  const perSecond = (rate: number | undefined): PointValues =>
    rate === undefined ? {} : { positionsPerSecond: rate };
  return {
    at,
    all: {
      ...told(total),
      ...perSecond(rates?.all),
      ...(rates?.records !== undefined && { recordsPerSecond: rates.records }),
      ...(deadLetters !== undefined && { deadLetters }),
    },
    shards: Object.fromEntries(
      shards
        .filter(({ state }) => state !== 'done')
        .map((shard) => [shard.shard, { ...told(shard), ...perSecond(rates?.shards.get(shard.shard)) }]),
    ),
  };
}

const gapBefore = (before: Look | undefined, { at }: Look, gapMs: number): Gap[] =>
  before !== undefined && at - before.at > gapMs ? [{ from: before.at, until: at }] : [];
