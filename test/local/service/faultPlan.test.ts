import { describe, expect, test } from 'vitest';
import { SettingsError } from '../../../lib/errors.ts';
import {
  createFaultPlan,
  parseFaultRule,
  parseLatencyRule,
  parseSeed,
} from '../../../local/service/faultPlan.ts';
import { FAULT_VOCABULARY } from '../../../local/sls/routes.ts';
import { groupOf, put, START_MS, startBench } from '../sls/support.ts';

const fault = (text: string) => parseFaultRule('--fault', text, FAULT_VOCABULARY);
const latency = (text: string) => parseLatencyRule('--latency', text, FAULT_VOCABULARY);
const request = (operation: string) => ({ operation });

describe('a rule', () => {
  test('is read as it is written', () => {
    const rule = { operation: 'PullLogs', status: 403, code: 'ShardReadQuotaExceed', probability: 0.1 };
    expect(fault('PullLogs:403:ShardReadQuotaExceed:0.1')).toEqual(rule);
    expect(fault('*:500:InternalServerError')).toMatchObject({ operation: '*', probability: 1 });
    expect(fault('GetCursor:401:AuthFailure.TokenFailure')).toMatchObject({
      code: 'AuthFailure.TokenFailure',
    });
    expect(latency('PutLogs:1.5s')).toEqual({ operation: 'PutLogs', delayMs: 1500 });
    expect(parseSeed('--seed', '4294967295')).toBe(4_294_967_295);
  });

  test('has status 200 where failures may have it', () => {
    const vocabulary = { ...FAULT_VOCABULARY, failsWith200: true };
    expect(parseFaultRule('--fault', 'PullLogs:200:A', vocabulary)).toMatchObject({ status: 200 });
    expect(() => parseFaultRule('--fault', 'PullLogs:204:A', vocabulary)).toThrow('400 to 599, or 200');
  });

  test.each<[string, () => unknown]>([
    ['of a code in no parts', () => fault('PullLogs:401:A..B')],
    ['too short', () => fault('PullLogs:403')],
    ['too long', () => fault('PullLogs:403:A:1:1')],
    ['of an unknown operation', () => fault('PullLog:403:A:1')],
    ['of no operation', () => fault(':403:A:1')],
    ['of success', () => fault('PullLogs:200:A:1')],
    ['of no status', () => fault('PullLogs:4e2:A:1')],
    ['without a code', () => fault('PullLogs:403::1')],
    ['more than certain', () => fault('PullLogs:403:A:1.5')],
    ['less than impossible', () => fault('PullLogs:403:A:-1')],
    ['of no probability', () => fault('PullLogs:403:A:')],
    ['without a duration', () => latency('PullLogs')],
    ['of no duration', () => latency('PullLogs:soon')],
    ['far too late', () => latency('PullLogs:1h')],
    ['of a seed that is none', () => parseSeed('--seed', '4294967296')],
  ])('%s is refused', (_what, read) => {
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(/^--(fault|latency|seed): ".*" cannot be used: /);
  });
});

describe('a plan', () => {
  const rules = { faults: [fault('PullLogs:503:ServerBusy:0.3')], latencies: [] };

  test('refuses about as often as it should, and for the same seed the same requests', () => {
    const fates = (seed: number): boolean[] => {
      const inject = createFaultPlan(rules, seed);
      return Array.from({ length: 2000 }, () => [inject(request('PullLogs'))].flat().length > 0);
    };
    const refused = fates(1).filter(Boolean).length;
    expect(refused).toBeGreaterThan(500);
    expect(refused).toBeLessThan(700);
    expect(fates(1)).toEqual(fates(1));
    expect(fates(1)).not.toEqual(fates(2));
  });

  test('leaves other operations alone', () => {
    const inject = createFaultPlan({ faults: [fault('PullLogs:503:ServerBusy')], latencies: [] }, 1);
    expect(inject(request('PutLogs'))).toEqual([]);
    expect(inject(request('PullLogs'))).toEqual([{ status: 503, code: 'ServerBusy' }]);
  });

  test('delays first, then refuses, over the wire', async () => {
    const faults = [fault('PutLogs:500:ServerBusy:1')];
    const latencies = [latency('*:2s'), latency('PutLogs:1s')];
    const bench = await startBench({ inject: createFaultPlan({ faults, latencies }, 1) });
    const refused = await put(bench, groupOf('a'));
    expect(refused.outcome).toBe('500 ServerBusy');
    expect(refused.headers.date).toBe(new Date(START_MS + 3000).toUTCString());
    expect((await bench.call({ path: '/logstores' })).outcome).toBe('200');
    expect(bench.clock.now()).toBe(START_MS + 5000);
  });
});
