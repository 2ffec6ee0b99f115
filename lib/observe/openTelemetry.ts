import { METRICS, type Metric } from './metricNames.ts';
import { messageOf } from './plainError.ts';
import type { Attributes, Span, Tracing } from './tracing.ts';

/** What is used of `@opentelemetry/api`, which the user brings: nothing of it is part of this library. */
export interface OpenTelemetry {
  readonly trace: { getTracer(name: string): Tracer };
  readonly metrics: { getMeter(name: string): OpenTelemetryMeter };
}

interface Tracer {
  startActiveSpan<T>(name: string, options: object, work: (span: OpenTelemetrySpan) => T): T;
}

interface OpenTelemetrySpan {
  setAttributes(attributes: Record<string, string | number | boolean | undefined>): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

interface OpenTelemetryMeter {
  createCounter(name: string, options: { unit?: string }): { add(value: number, attributes: Labels): void };
  createGauge(name: string, options: { unit?: string }): { record(value: number, attributes: Labels): void };
}

type Labels = Record<string, string>;

/** For whoever refuses what is none. */
export const OPEN_TELEMETRY_REMEDY =
  "give what `import * as openTelemetry from '@opentelemetry/api'` has, version 1.9 or newer";

export function isOpenTelemetry(value: unknown): value is OpenTelemetry {
  const { trace, metrics } = (value ?? {}) as Partial<OpenTelemetry>;
  return typeof trace?.getTracer === 'function' && typeof metrics?.getMeter === 'function';
}

const SCOPE = 'shardbeat';
/** `SpanStatusCode.ERROR`. */
const ERROR = 2;

export function openTelemetryTracing({ trace }: OpenTelemetry): Tracing {
  const tracer = trace.getTracer(SCOPE);
  return {
    span: (name, attributes, work) =>
      tracer.startActiveSpan(`${SCOPE}.${name}`, { attributes: named(attributes) }, async (active) => {
        const span: Span = {
          set: (more) => void active.setAttributes(named(more)),
          fail: (error) => void active.setStatus({ code: ERROR, message: messageOf(error) }),
        };
        try {
          return await work(span);
        } catch (error) {
          span.fail(error);
          throw error;
        } finally {
          active.end();
        }
      }),
  };
}

const named = (attributes: Attributes): Record<string, string | number | boolean | undefined> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`${SCOPE}.${name}`, value]));

/** How something stands: it is not added up. */
const GAUGES: ReadonlySet<Metric> = new Set([
  ...(['lagMs', 'lagPositions', 'retentionLeftMs', 'skewMs'] as const),
  ...(['silentSlots', 'unassignedShards', 'waitingShards', 'failedShards', 'blockedShards'] as const),
  'outageShards',
] as const);

const UNITS = { Count: '1', Bytes: 'By', Milliseconds: 'ms' } as const;

/** Records what a tick has measured, under the same names as in CloudWatch. */
export function openTelemetryRecorder({ metrics }: OpenTelemetry) {
  const meter = metrics.getMeter(SCOPE);
  const instruments = new Map<string, (value: number, labels: Labels) => void>();
  const instrumentOf = (name: Metric) => {
    const options = { unit: UNITS[METRICS[name]] };
    if (!GAUGES.has(name)) {
      const counter = meter.createCounter(`${SCOPE}.${name}`, options);
      return (value: number, labels: Labels) => counter.add(value, labels);
    }
    const gauge = meter.createGauge(`${SCOPE}.${name}`, options);
    return (value: number, labels: Labels) => gauge.record(value, labels);
  };
  return (measured: Readonly<Partial<Record<Metric, number>>>, labels: Labels): void => {
    for (const [name, value] of Object.entries(measured)) {
      const record = instruments.get(name) ?? instrumentOf(name as Metric);
      instruments.set(name, record);
      record(value, labels);
    }
  };
}
