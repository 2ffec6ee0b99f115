/** What was measured: the summary of a local run, or the log of a deployed function. */
import { SettingsError } from '../../lib/errors.ts';

export interface Measured {
  readonly ticks: number;
  readonly units: { readonly write: number; readonly read: number } | undefined;
  /** Of a tick, as Lambda bills it. */
  readonly tickMs: number | undefined;
  readonly memoryMb: number | undefined;
  /** Requests to the log service in a tick. */
  readonly requests: number | undefined;
  /** What was transferred of a byte that was processed. */
  readonly compressed: number | undefined;
  /** Decompressed, at the rate of the time that was measured. */
  readonly bytesOfDay: number | undefined;
}

const DAY_MS = 86_400_000;
/** A few ticks do not tell how much comes in a day. */
const SPAN_MS_MIN = 10 * 60_000;

/** Reads what `npx shardbeat local --json` printed, or lines of the function's log. `file`: where it is from. */
export function readMeasured(text: string, file: string): Measured {
  const measured = summaryIn(text) ?? logIn(text);
  if (measured.ticks > 0) return measured;
  const remedy =
    'it must be what shardbeat local --json printed, or lines of the function’s log with its tick.metrics';
  throw new SettingsError('--measured', file, remedy);
}

/** Its ticks follow each other faster than Lambda’s would, so that only what one of them takes is told. */
function summaryIn(text: string): Measured | undefined {
  const summary = parse(text);
  const {
    ticks,
    dynamodb,
    logService = {},
  } = (summary ?? {}) as {
    ticks?: unknown;
    logService?: { requests?: unknown; bytes?: unknown; rawBytes?: unknown };
    dynamodb?: { writeUnits?: unknown; readUnits?: unknown };
  };
  const [write, read] = [dynamodb?.writeUnits, dynamodb?.readUnits];
  if (!isCount(ticks) || !isCount(write) || !isCount(read)) return undefined;
  const units = ticks === 0 ? undefined : { write: write / ticks, read: read / ticks };
  const { requests, bytes, rawBytes } = logService;
  return {
    ticks,
    units,
    requests: share(requests, ticks),
    compressed: share(bytes, rawBytes),
    ...{ tickMs: undefined, memoryMb: undefined, bytesOfDay: undefined },
  };
}

function logIn(text: string): Measured {
  const lines = text.split('\n');
  const metrics = lines.flatMap((line) => metricsIn(line) ?? []);
  const ticks = metrics.length;
  const sum = (name: Exclude<keyof Line, 'at'>): number =>
    metrics.reduce((total, { [name]: value }) => total + value, 0);
  const times = metrics.map(({ at }) => at);
  const spanMs =
    times.reduce((most, at) => Math.max(most, at), 0) - times.reduce((a, b) => Math.min(a, b), Infinity);
  const reports = lines.flatMap((line) => reportIn(line) ?? []);
  const billedMs = reports.reduce((total, { ms }) => total + ms, 0);
  return {
    ticks,
    units: ticks === 0 ? undefined : { write: sum('writeUnits') / ticks, read: sum('readUnits') / ticks },
    // A version that does not tell has none in any line.
    requests: share(sum('sourceRequests') || undefined, ticks),
    compressed: share(sum('sourceBytes') || undefined, sum('bytes')),
    tickMs: reports.length === 0 ? undefined : billedMs / reports.length,
    memoryMb: reports[0]?.memoryMb,
    bytesOfDay: spanMs >= SPAN_MS_MIN ? (sum('bytes') / spanMs) * DAY_MS : undefined,
  };
}

interface Line {
  at: number;
  writeUnits: number;
  readUnits: number;
  bytes: number;
  sourceRequests: number;
  sourceBytes: number;
}

/** Of a whole group's tick: lines by shard have the same bytes once more. */
function metricsIn(line: string): Line | undefined {
  const start = line.indexOf('{"_aws"');
  const found = start < 0 ? undefined : parse(line.slice(start, line.lastIndexOf('}') + 1));
  const { event, shard, _aws, ...rest } = (found ?? {}) as Record<string, unknown>;
  const at = (_aws as { Timestamp?: unknown } | undefined)?.Timestamp;
  if (event !== 'tick.metrics' || shard !== undefined || !isCount(at)) return undefined;
  return {
    at,
    writeUnits: countOf(rest.writeUnits),
    readUnits: countOf(rest.readUnits),
    bytes: countOf(rest.bytes),
    sourceRequests: countOf(rest.sourceRequests),
    sourceBytes: countOf(rest.sourceBytes),
  };
}

/** Lambda writes it in words, or as JSON, as the function's log is set. */
function reportIn(line: string): { ms: number; memoryMb: number | undefined } | undefined {
  const ms = /(?:Billed Duration: |"billedDurationMs":\s*)(\d+(?:\.\d+)?)/.exec(line)?.[1];
  if (ms === undefined) return undefined;
  const memory = /(?:Memory Size: |"memorySizeMB":\s*)(\d+)/.exec(line)?.[1];
  return { ms: Number(ms), memoryMb: memory === undefined ? undefined : Number(memory) };
}

/** Undefined where one is not known, or there is nothing to share. */
const share = (of: unknown, among: unknown): number | undefined =>
  isCount(of) && isCount(among) && among > 0 ? of / among : undefined;

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

const countOf = (value: unknown): number => (isCount(value) ? value : 0);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
