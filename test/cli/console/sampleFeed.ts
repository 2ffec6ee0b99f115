/**
 * What a server tells of a group that had a quarter of an hour full of events: two slots, four shards, a death, hand-offs, a blocked shard,
 * a paused one, an overlap and three dead letters. It can be shown without any server.
 */
import type {
  About,
  Begin,
  Change,
  Event,
  LetterAnswer,
  LettersAnswer,
  Point,
  Row,
  Span,
  State,
} from '../../../cli/console/feed.ts';
import { EMPTY_HISTORY, withChanges } from '../../../cli/console/history.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** When the sample was last seen. */
export const SAMPLE_NOW = Date.UTC(2026, 10, 27, 12, 0, 0);
const BEGIN = SAMPLE_NOW - 15 * MINUTE;
const at = (minutes: number): number => BEGIN + minutes * MINUTE;
const INTERVAL = 10 * SECOND;
/** `consumer-1` is dead from here to there. */
const [DIED, RETURNED] = [at(4), at(9)];

const about: About = {
  group: 'orders',
  place: 'local run of process 4711',
  isLocal: true,
  commandOptions: '',
  everyMs: 2 * SECOND,
  since: BEGIN,
  redrivenBy: 'module',
};

let ids = 0;
const span = (
  row: Row,
  kind: Span['kind'],
  from: number,
  until?: number,
  more: Partial<Span> = {},
): Span => ({
  id: ++ids,
  row,
  kind,
  from,
  ...(until !== undefined && { until }),
  ...more,
});
const [zero, one, two, three] = ['0', '1', '2', '3'].map((shard) => ({ shard })) as [Row, Row, Row, Row];
const [first, second] = [{ slot: 'consumer-0' }, { slot: 'consumer-1' }] as const;

const spans: Span[] = [
  span(first, 'session', BEGIN),
  span(second, 'session', BEGIN, DIED + 20 * SECOND),
  span(second, 'dead', DIED + 20 * SECOND, RETURNED, { why: 'no heartbeat since 11:49:00' }),
  span(second, 'session', RETURNED),
  span(zero, 'owned', BEGIN, undefined, first),
  span(one, 'owned', BEGIN, undefined, first),
  span(two, 'owned', BEGIN, DIED + 20 * SECOND, second),
  span(two, 'unowned', DIED + 20 * SECOND, DIED + 40 * SECOND, { why: 'consumer-1 is dead' }),
  span(two, 'owned', DIED + 40 * SECOND, RETURNED + 30 * SECOND, first),
  span(two, 'handOff', RETURNED + 10 * SECOND, RETURNED + 30 * SECOND, {
    ...second,
    why: 'consumer-0 has yet to give it up',
  }),
  span(two, 'overlap', RETURNED + 30 * SECOND, RETURNED + 36 * SECOND, {
    ...first,
    why: 'a run of consumer-0 that had it before may be at work',
  }),
  span(two, 'owned', RETURNED + 30 * SECOND, undefined, second),
  span(three, 'owned', BEGIN, DIED + 20 * SECOND, second),
  span(three, 'unowned', DIED + 20 * SECOND, DIED + 50 * SECOND, { why: 'consumer-1 is dead' }),
  span(three, 'owned', DIED + 50 * SECOND, RETURNED + 40 * SECOND, first),
  span(three, 'handOff', RETURNED + 10 * SECOND, RETURNED + 40 * SECOND, {
    ...second,
    why: 'consumer-0 has yet to give it up',
  }),
  span(three, 'owned', RETURNED + 40 * SECOND, undefined, second),
  span(one, 'failing', at(10), at(11.5), { why: 'record 70 of 500: TypeError: amount is not a number' }),
  span(one, 'blocked', at(11.5), undefined, {
    why: 'anything to succeed: 3 records failed as often as is allowed: Error: connect ECONNREFUSED',
  }),
  span(zero, 'paused', at(12), at(13), { why: 'somebody to resume it' }),
];

const event = (
  minutes: number,
  kind: Event['kind'],
  tone: Event['tone'],
  text: string,
  more: Partial<Event> = {},
): Event => ({
  id: ++ids,
  at: at(minutes),
  kind,
  tone,
  text,
  ...more,
});
const events: Event[] = [
  event(4.33, 'slotDied', 'bad', 'consumer-1 is dead: no heartbeat for 20s', second),
  event(4.67, 'handOff', 'info', 'shard 2 goes from consumer-1 to consumer-0', { ...first, shard: '2' }),
  event(4.83, 'handOff', 'info', 'shard 3 goes from consumer-1 to consumer-0', { ...first, shard: '3' }),
  event(9, 'slotReturned', 'good', 'consumer-1 is back', second),
  event(9.5, 'handOff', 'info', 'shard 2 goes from consumer-0 to consumer-1', { ...second, shard: '2' }),
  event(9.5, 'overlap', 'warning', 'shard 2: a run of consumer-0 that had it before may be at work', {
    ...first,
    shard: '2',
  }),
  event(9.67, 'handOff', 'info', 'shard 3 goes from consumer-0 to consumer-1', { ...second, shard: '3' }),
  event(10, 'failing', 'warning', 'shard 1 fails: TypeError: amount is not a number', { shard: '1' }),
  event(10.5, 'deadLettered', 'bad', '3 records were given up: 3 dead letters'),
  event(11.5, 'blocked', 'bad', 'shard 1 is blocked: nothing succeeds, so nothing is given up', {
    shard: '1',
  }),
  event(12, 'paused', 'warning', 'shard 0 is paused', { shard: '0' }),
  event(13, 'resumed', 'good', 'shard 0 is resumed', { shard: '0' }),
];

function* every(fromMs: number, untilMs: number, stepMs: number): Generator<number> {
  for (let time = fromMs; time <= untilMs; time += stepMs) yield time;
}

/** While a slot is dead its shards fall behind; what is blocked goes on doing so. */
function pointAt(time: number): Point {
  const behind = time > DIED && time < RETURNED ? (time - DIED) / SECOND : 0;
  const blocked = Math.max(0, (time - at(10)) / SECOND);
  const of = (seconds: number, positionsPerSecond: number) => ({
    lagMs: Math.round(seconds * SECOND),
    positions: Math.round(seconds * 4),
    positionsPerSecond,
  });
  const wave = 6 + 2 * Math.sin(time / MINUTE);
  return {
    at: time,
    all: {
      ...of(behind + blocked, 3 * wave),
      recordsPerSecond: Math.round(wave * 300),
      deadLetters: time < at(10.5) ? 0 : 3,
    },
    shards: {
      0: of(0, wave),
      1: of(blocked, blocked > 0 ? 0 : wave),
      2: of(behind, behind > 0 ? 0 : wave),
      3: of(behind / 2, wave / 2),
    },
  };
}

const shardState = (
  shard: string,
  owner: string,
  more: Partial<State['shards'][number]> = {},
): State['shards'][number] => ({
  shard,
  state: 'open',
  owner,
  assignedTo: owner,
  paused: false,
  failures: 0,
  checkpoint: `MTc5NTczNTI4NjY0ODAwMDAwM${shard}==`,
  parents: [],
  positions: 0,
  lagMs: 0,
  ...more,
});
const slotState = (slot: string, agoMs: number): State['slots'][number] => ({
  slot,
  live: true,
  busy: slot === 'consumer-1',
  draining: false,
  heartbeatAt: SAMPLE_NOW - agoMs,
  expiresAt: SAMPLE_NOW - agoMs + 2 * INTERVAL,
  busyUntil: SAMPLE_NOW - agoMs + 8 * SECOND,
  ticks: slot === 'consumer-0' ? 91 : 60,
  assigned: 2,
  owned: 2,
});

const state: State = {
  at: SAMPLE_NOW,
  status: 'running',
  settings: {
    stream: 'sls://shop/orders',
    coordination: 'own',
    intervalMs: INTERVAL,
    sessionTimeoutMs: 2 * INTERVAL,
  },
  slots: [slotState('consumer-0', 9 * SECOND), slotState('consumer-1', 3 * SECOND)],
  shards: [
    shardState('0', 'consumer-0'),
    shardState('1', 'consumer-0', {
      failures: 4,
      positions: 1_200,
      lagMs: 5 * MINUTE,
      leftMs: 6 * 24 * 60 * MINUTE,
      waitsFor: 'success',
      waits: 'anything to succeed: 3 records failed as often as is allowed: Error: connect ECONNREFUSED',
    }),
    shardState('2', 'consumer-1'),
    shardState('3', 'consumer-1'),
  ],
  total: { positions: 1_200, lagMs: 5 * MINUTE, leftMs: 6 * 24 * 60 * MINUTE },
  lagAt: SAMPLE_NOW,
  unit: 'log groups',
  deadLetters: 3,
  missing: [],
};

export const sampleBegin: Begin = {
  about,
  now: SAMPLE_NOW,
  state,
  history: withChanges(EMPTY_HISTORY, {
    spans,
    events,
    ticks: {
      'consumer-0': [...every(BEGIN, SAMPLE_NOW, INTERVAL)],
      'consumer-1': [...every(BEGIN + 3 * SECOND, DIED, INTERVAL), ...every(RETURNED, SAMPLE_NOW, INTERVAL)],
    },
    points: [...every(BEGIN, SAMPLE_NOW, INTERVAL)].map(pointAt),
    gaps: [{ from: at(6), until: at(6.5) }],
  }),
};

/** What comes two seconds later: a heartbeat, and shard 1 gets on. */
export const sampleChange: Change = {
  state: {
    ...state,
    at: SAMPLE_NOW + 2 * SECOND,
    shards: [
      state.shards[0]!,
      shardState('1', 'consumer-0', { positions: 1_000, lagMs: 4 * MINUTE }),
      ...state.shards.slice(2),
    ],
    total: { positions: 1_000, lagMs: 4 * MINUTE },
  },
  changes: {
    spans: spans
      .filter(({ kind }) => kind === 'blocked')
      .map((blocked) => ({ ...blocked, until: SAMPLE_NOW + SECOND })),
    events: [event(15.02, 'recovered', 'good', 'shard 1 gets on again', { shard: '1' })],
    ticks: { 'consumer-0': [SAMPLE_NOW + SECOND] },
    points: [pointAt(SAMPLE_NOW + 2 * SECOND)],
    gaps: [],
  },
};

const MESSAGES = [
  'TypeError: amount is not a number',
  'TypeError: amount is not a number',
  'Error: no such customer',
];

export const sampleLetters: LettersAnswer = {
  all: 3,
  more: false,
  letters: MESSAGES.map((message, index) => ({
    id: `1/1795735286/${70 + index}`,
    shard: '1',
    givenUpAt: at(10.5),
    timeMs: at(9.9),
    reason: 'failed',
    why: 'the function failed each time',
    attempts: 5,
    firstAt: at(10),
    lastAt: at(10.4),
    message,
    redrives: index === 2 ? 1 : 0,
    ...(index === 2 && { redriveMessage: 'Error: no such customer' }),
  })),
};

const content = (text: string) => ({ text, as: 'text', bytes: text.length, cut: false }) as const;

export const sampleLetter: LetterAnswer = {
  ...sampleLetters.letters[0]!,
  stream: { project: 'shop', logstore: 'orders' },
  from: 'MTc5NTczNTI4NjY0ODAwMDAwMA==',
  to: 'MTc5NTczNTI4NjY0ODAwMDAwMQ==',
  index: 69,
  record: {
    topic: '',
    source: '10.0.0.1',
    tags: { host: 'web-1' },
    fields: [
      { key: content('content'), value: content('{"order":70,"amount":"seventy"}') },
      { key: content('signature'), value: { text: 'ff00fe017f80', as: 'hex', bytes: 6, cut: false } },
    ],
    fieldsLeft: 0,
  },
};
