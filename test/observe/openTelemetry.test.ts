/** Spans and metrics through the API and the SDK of OpenTelemetry, as a user would have them. */
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { exportedOf } from '../../lib/delivery/exported.ts';
import { consume, type OpenTelemetry } from '../../lib/index.ts';
import { METRICS } from '../../lib/observe/metricNames.ts';
import { openTelemetryRecorder, openTelemetryTracing } from '../../lib/observe/openTelemetry.ts';
import { keepSecret } from '../../lib/observe/secrets.ts';
import { createMemorySource } from '../../lib/testing/memorySource.ts';
import { startLocalTable } from '../support/localTable.ts';
import { createWorld, INTERVAL_MS } from '../support/world.ts';

const SETTINGS = {
  ...{ SHARDBEAT_GROUP: 'orders', SHARDBEAT_TABLE: 'shardbeat', SHARDBEAT_INTERVAL: '1m' },
  SHARDBEAT_SLOTS: '2',
};
const exporter = new InMemorySpanExporter();
/** Collects when it is asked to. */
class Reader extends MetricReader {
  override async onForceFlush(): Promise<void> {}
  override async onShutdown(): Promise<void> {}
}
const reader = new Reader();
beforeAll(() => {
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const spanProcessors = [new SimpleSpanProcessor(exporter)];
  api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
  api.metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});
afterAll(() => {
  api.trace.disable();
  api.metrics.disable();
  api.context.disable();
});
beforeEach(() => exporter.reset());

const spans = (name: string): ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => span.name === `shardbeat.${name}`);
const attributesOf = ({ attributes }: ReadableSpan) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name.replace('shardbeat.', ''), value]),
  );
const isWithin = (span: ReadableSpan, parent: ReadableSpan): boolean =>
  span.parentSpanContext?.spanId === parent.spanContext().spanId;

describe('the spans of a tick', () => {
  async function worked(eachBatch: () => Promise<void> = async () => {}) {
    const world = createWorld(['0']);
    const tracing = openTelemetryTracing(api);
    for (let round = 0; round < 4; round++) await world.round('a');
    world.source.append('0', 'x', 'y');
    world.eachBatch = eachBatch;
    await tracing.span('tick', { group: 'orders' }, () => world.tick('a', 'a', { tracing }));
    world.clock.advance(INTERVAL_MS);
    const [tick] = spans('tick');
    return { tick: tick! };
  }

  it('are pulls, batches and commits of one range, which is the id of its batch', async () => {
    const { tick } = await worked();
    const range = 'orders/0/0-2';
    const [pull] = spans('pull');
    const [batch] = spans('batch');
    const [commit] = spans('commit');
    expect(attributesOf(pull!)).toEqual({ shard: '0', range, records: 2, bytes: expect.any(Number) });
    expect(attributesOf(batch!)).toMatchObject({ shard: '0', range, batch: range, records: 2 });
    expect(attributesOf(commit!)).toEqual({ shard: '0', range });
    for (const span of [pull!, batch!, commit!]) expect(isWithin(span, tick)).toBe(true);
    expect(batch!.status.code).toBe(api.SpanStatusCode.UNSET);
  });

  it('are those of the user’s function, too, within their batch', async () => {
    const tracer = api.trace.getTracer('user');
    await worked(() => tracer.startActiveSpan('mine', async (span) => span.end()));
    const mine = exporter.getFinishedSpans().find(({ name }) => name === 'mine')!;
    expect(isWithin(mine, spans('batch')[0]!)).toBe(true);
  });

  it('have failed where the batch has, and tell no secret', async () => {
    keepSecret('Zq9abcdefgh');
    await worked(async () => {
      throw new TypeError('401 for Zq9abcdefgh');
    });
    const [batch] = spans('batch');
    expect(batch!.status).toEqual({ code: api.SpanStatusCode.ERROR, message: 'TypeError: 401 for (hidden)' });
    const thrown = new Error('no answer');
    const failing = openTelemetryTracing(api).span('request', {}, () => Promise.reject(thrown));
    await expect(failing).rejects.toBe(thrown);
    expect(spans('request')[0]!.status).toMatchObject({ code: api.SpanStatusCode.ERROR });
  });
});

it('a function has a span for each tick and redrive, with those of its requests, and the metrics', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const table = await startLocalTable('shardbeat');
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', table.service.endpoint);
  for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'local');
  const module = { eachBatch: () => {}, openTelemetry: api };
  const handler = consume(module, { environment: SETTINGS, source: createMemorySource() });
  await handler({ slot: 'consumer-0' }, { getRemainingTimeInMillis: () => 48_000 } as never);
  const [tick] = spans('tick');
  expect(attributesOf(tick!)).toEqual({ group: 'orders', slot: 'consumer-0', outcome: 'worked', tick: 1 });
  const requests = spans('request').map((span) => [attributesOf(span).request, isWithin(span, tick!)]);
  expect(requests).toContainEqual(['dynamodb:UpdateItem', true]);
  await handler({ redrive: {} }, { getRemainingTimeInMillis: () => 48_000 } as never);
  const [redrive] = spans('redrive');
  expect(attributesOf(redrive!)).toEqual({ group: 'orders', found: 0, redriven: 0, failed: 0, skipped: 0 });
  const { resourceMetrics } = await reader.collect();
  const told = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  const find = (name: string) => told.find(({ descriptor }) => descriptor.name === `shardbeat.${name}`);
  expect(find('ticks')!.dataPoints).toMatchObject([{ value: 1, attributes: { group: 'orders' } }]);
  expect(find('writeUnits')!.dataPoints[0]!.value).toBeGreaterThan(0);
  await table.close();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it('counts are added up, and how something stands is not', async () => {
  const record = openTelemetryRecorder(api);
  const labels = { group: 'twice' };
  for (const value of [5, 3]) record({ bytes: value, lagMs: value, retentionLeftMs: -value }, labels);
  const { resourceMetrics } = await reader.collect();
  const told = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  const toldOf = (name: string) => {
    const { dataPoints, descriptor } = told.find(
      ({ descriptor }) => descriptor.name === `shardbeat.${name}`,
    )!;
    return [dataPoints.find(({ attributes }) => attributes.group === 'twice')!.value, descriptor.unit];
  };
  expect(toldOf('bytes')).toEqual([8, 'By']);
  expect(toldOf('lagMs')).toEqual([3, 'ms']);
  expect(toldOf('retentionLeftMs')).toEqual([-3, 'ms']);
});

it('every metric can be told', () => {
  const record = openTelemetryRecorder(api);
  record(Object.fromEntries(Object.keys(METRICS).map((name) => [name, 1])), { group: 'all' });
});

describe('what is exported as openTelemetry', () => {
  it('must be the API, and need not be there', () => {
    const eachBatch = () => {};
    expect(exportedOf({ eachBatch, openTelemetry: api }).openTelemetry).toBe(api);
    expect(exportedOf({ eachBatch })).not.toHaveProperty('openTelemetry');
    expect(() => exportedOf({ eachBatch, openTelemetry: { trace: {} } })).toThrow('version 1.9 or newer');
    const openTelemetry = 'yes' as unknown as OpenTelemetry;
    const consuming = () =>
      consume({ eachBatch }, { environment: SETTINGS, source: createMemorySource(), openTelemetry });
    expect(consuming).toThrow(expect.objectContaining({ name: 'SettingsError', field: 'openTelemetry' }));
  });
});
