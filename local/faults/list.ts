/** Everything that can go wrong, in one list: the simulation and the host of a local run draw from it. */
export interface FaultKind {
  readonly name: string;
  /** As a sentence goes on after "it happens that". */
  readonly what: string;
  /**
   * The highest rate in the simulation: per request, per tick, per batch or per interval, as its place of use says. Or why the simulation
   * has none.
   */
  readonly simulation: number | string;
  /** The rate in a local run under chaos: per start of a tick, run, or request. Or why it has none. */
  readonly host: number | string;
}

const ONE_CLOCK = 'all processes of a machine have its clock';
const TCP_CARRIES_ONCE = 'between a function and a service on this machine, bytes come in order, and once';
const SERVICE_IS_WELL =
  'the local services themselves are well: what stands between them and the function is not';
const LISTS_ARE_TRUE = 'the local services list what there is';
const ONE_STREAM = 'the stream of a local run keeps its shards; npm run chaos splits and merges';
const OWN_MODULE = 'the module is that of whoever runs it; npm run chaos has one that fails';
const NO_OPERATOR = 'whoever runs it is the operator; npm run chaos has one of its own';
const ANSWERS_ARE_FULL = 'the local services answer with all that is asked for';

/** In the order in which the simulation draws: another one, and each seed is another story. */
export const FAULTS = [
  // A sandbox.
  { name: 'crash', what: 'a sandbox dies at any moment', simulation: 0.03, host: 0.1 },
  { name: 'stall', what: 'a sandbox stands still for a while', simulation: 0.05, host: 0.06 },
  { name: 'wrongClock', what: 'a sandbox is told a wrong time', simulation: 0.2, host: ONE_CLOCK },
  // The schedule.
  { name: 'overlap', what: 'a tick is delivered twice', simulation: 0.4, host: 0.1 },
  { name: 'late', what: 'a tick comes at another moment of its interval', simulation: 0.3, host: 0.5 },
  { name: 'missing', what: 'a tick never comes', simulation: 0.3, host: 0.06 },
  { name: 'retry', what: 'a run that failed is repeated', simulation: 0.6, host: 0.8 },
  { name: 'scatter', what: 'a tick gets a sandbox that is new', simulation: 0.8, host: 0.15 },
  // The table.
  { name: 'throttled', what: 'the table refuses for want of units', simulation: 0.1, host: SERVICE_IS_WELL },
  { name: 'lostRequest', what: 'a request never arrives, and nobody says so', simulation: 0.05, host: 0.02 },
  {
    name: 'lostAnswer',
    what: 'a request is carried out, and the answer never comes',
    simulation: 0.1,
    host: 0.02,
  },
  { name: 'delayedWrite', what: 'a write lands late', simulation: 0.2, host: TCP_CARRIES_ONCE },
  {
    name: 'lastWrite',
    what: 'a write lands when others have taken over',
    simulation: 0.05,
    host: TCP_CARRIES_ONCE,
  },
  {
    name: 'writtenTwice',
    what: 'a write lands twice before its answer',
    simulation: 0.1,
    host: TCP_CARRIES_ONCE,
  },
  { name: 'echo', what: 'a write lands again after its answer', simulation: 0.1, host: TCP_CARRIES_ONCE },
  { name: 'connectionDied', what: 'a connection is reset', simulation: 0.2, host: 0.03 },
  {
    name: 'serverError',
    what: 'the table fails, and may have written',
    simulation: 0.3,
    host: SERVICE_IS_WELL,
  },
  { name: 'staleRead', what: 'a read is some seconds old', simulation: 0.5, host: SERVICE_IS_WELL },
  { name: 'slowStore', what: 'the table takes long', simulation: 0.3, host: 0.05 },
  // The log service.
  { name: 'sourceError', what: 'the log service fails', simulation: 0.1, host: SERVICE_IS_WELL },
  { name: 'hiddenShard', what: 'a list of shards lacks one for long', simulation: 0.2, host: LISTS_ARE_TRUE },
  { name: 'emptyList', what: 'a list of shards is empty', simulation: 0.15, host: LISTS_ARE_TRUE },
  { name: 'failingList', what: 'no list of shards is to be had', simulation: 0.15, host: LISTS_ARE_TRUE },
  {
    name: 'droppedStream',
    what: 'the settings do not name a stream for a while',
    simulation: 0.1,
    host: LISTS_ARE_TRUE,
  },
  { name: 'slowSource', what: 'the log service takes long', simulation: 0.2, host: 0.05 },
  { name: 'shortAnswer', what: 'a pull brings less than there is', simulation: 0.5, host: ANSWERS_ARE_FULL },
  {
    name: 'emptyAnswer',
    what: 'a pull brings nothing though there is more',
    simulation: 0.1,
    host: ANSWERS_ARE_FULL,
  },
  {
    name: 'listOutage',
    what: 'lists of shards hang or fail for long',
    simulation: 0.05,
    host: LISTS_ARE_TRUE,
  },
  { name: 'split', what: 'a shard is split', simulation: 0.3, host: ONE_STREAM },
  { name: 'merge', what: 'shards are merged', simulation: 0.2, host: ONE_STREAM },
  { name: 'trim', what: 'records expire', simulation: 1, host: ONE_STREAM },
  // The user's function.
  { name: 'processThrows', what: "the user's function throws", simulation: 0.2, host: OWN_MODULE },
  { name: 'processNames', what: "the user's function names a record", simulation: 0.2, host: OWN_MODULE },
  { name: 'processDies', what: "the user's function ends the process", simulation: 0.15, host: OWN_MODULE },
  { name: 'processSlow', what: "the user's function takes long", simulation: 0.15, host: OWN_MODULE },
  {
    name: 'processIgnores',
    what: "the user's function does not stop when told",
    simulation: 0.08,
    host: OWN_MODULE,
  },
  // What it writes to, and where what it does not take is put.
  { name: 'sinkDown', what: 'nothing is taken by anybody', simulation: 0.15, host: OWN_MODULE },
  { name: 'lettersFull', what: 'there is no room for dead letters', simulation: 0.2, host: OWN_MODULE },
  // People.
  { name: 'churn', what: 'slots come and go', simulation: 0.4, host: NO_OPERATOR },
  { name: 'operator', what: 'an operator changes something', simulation: 0.5, host: NO_OPERATOR },
  { name: 'operatorCrash', what: 'an operator is cut off in the middle', simulation: 0.5, host: NO_OPERATOR },
  { name: 'redrive', what: 'somebody redrives dead letters', simulation: 0.5, host: NO_OPERATOR },
  // Of the platform, in the host alone.
  {
    name: 'freeze',
    what: 'a sandbox stands still between two ticks',
    simulation: 'each of its sandboxes always does',
    host: 1,
  },
  {
    name: 'thrownAway',
    what: 'a sandbox is thrown away after a tick',
    simulation: 'a sandbox that gets no tick any more is the same: scatter',
    host: 0.1,
  },
  {
    name: 'invocationThrottled',
    what: 'the platform refuses to start a tick',
    simulation: 'a tick that never comes, or comes later, is the same: missing, retry',
    host: 0.06,
  },
] as const satisfies readonly FaultKind[];

type Kind = (typeof FAULTS)[number];
export type SimulatedFault = Extract<Kind, { simulation: number }>['name'];
export type HostFault = Extract<Kind, { host: number }>['name'];

/** The rates of those that one of the two has, in the order of the list. */
export const SIMULATION_RATES_MAX = ratesOf<SimulatedFault>('simulation');
const HOST_RATES = ratesOf<HostFault>('host');

/** What the host has of it; `share`: of each rate, but for what is always so. */
export function hostRates(share: number): Readonly<Record<HostFault, number>> {
  const rates = Object.entries(HOST_RATES).map(([name, rate]) => [
    name,
    share > 0 && rate === 1 ? 1 : rate * share,
  ]);
  return Object.fromEntries(rates);
}

function ratesOf<Name extends string>(where: 'simulation' | 'host'): Readonly<Record<Name, number>> {
  const known = FAULTS.filter((kind: FaultKind) => typeof kind[where] === 'number');
  return Object.fromEntries(known.map((kind) => [kind.name, kind[where]])) as Record<Name, number>;
}
