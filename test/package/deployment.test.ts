import { describe, expect, it } from 'vitest';
import { deploy } from '../../infra/deployment.ts';
import { readSettings } from '../../lib/config/settings.ts';
import { deriveTimes } from '../../lib/times.ts';

const environment = {
  SHARDBEAT_GROUP: 'orders',
  SHARDBEAT_TABLE: 'shardbeat',
  SHARDBEAT_SOURCE: 'sls',
  SHARDBEAT_SLS_ENDPOINT: 'cn-hangzhou.log.aliyuncs.com',
  SHARDBEAT_SLS_REGION: 'cn-hangzhou',
  SHARDBEAT_SLS_PROJECT: 'shop',
  SHARDBEAT_SLS_LOGSTORE: 'orders',
  SHARDBEAT_SLS_ACCESS_KEY_ID: 'id',
  SHARDBEAT_SLS_ACCESS_KEY_SECRET: 'secret',
};
const given = { slots: '2', interval: '1m', prefix: 'shop-dev', environment };
const minutes = Array.from({ length: 30 }, (_, index) => index + 1);

describe('the deployment', () => {
  it.each(minutes)('agrees with the times that the function derives from %i minutes', (minute) => {
    const deployment = deploy({ ...given, interval: `${minute}m` });
    const { times } = readSettings(deployment.environment);
    expect(times.intervalMs).toBe(minute * 60_000);
    expect(times.functionTimeoutMs).toBe(deployment.timeout * 1_000);
    // Lambda ends every function after 15 minutes, whatever the interval is.
    expect(deployment.timeout).toBe(Math.min(deriveTimes(minute * 60_000).functionTimeoutMs / 1_000, 900));
    expect(deployment.events[0]?.schedule.rate).toEqual([
      minute === 1 ? 'rate(1 minute)' : `rate(${minute} minutes)`,
    ]);
  });

  it('makes one schedule for each slot, each with a name of its own', () => {
    const { events, slots } = deploy({ ...given, slots: '3' });
    expect(slots).toBe(3);
    expect(events.map(({ schedule }) => [schedule.name, schedule.input])).toEqual([
      ['shop-dev-consumer-0', { slot: 'consumer-0' }],
      ['shop-dev-consumer-1', { slot: 'consumer-1' }],
      ['shop-dev-consumer-2', { slot: 'consumer-2' }],
    ]);
  });

  it('completes as many schedules as it makes', () => {
    const { events, resources } = deploy({ ...given, slots: '12' });
    expect(Object.keys(resources.Resources)).toHaveLength(events.length);
  });

  it.each(['0', '-1', '401', '1.5', '2e1', 'two', '', 'undefined'])('refuses %j slots', (slots) => {
    expect(() => deploy({ ...given, slots })).toThrow(
      expect.objectContaining({ name: 'SettingsError', field: 'slots' }),
    );
  });

  it.each(['30s', '90s', '0m', '31m', '1h', '1', 'rate(1 minute)', ''])(
    'refuses the interval %j',
    (interval) => {
      expect(() => deploy({ ...given, interval })).toThrow(
        expect.objectContaining({ name: 'SettingsError', field: 'interval' }),
      );
    },
  );

  it('refuses an environment that the function would refuse', () => {
    const { SHARDBEAT_SLS_PROJECT: _project, ...incomplete } = environment;
    expect(() => deploy({ ...given, environment: incomplete })).toThrow(
      expect.objectContaining({ name: 'SettingsError', field: 'SHARDBEAT_SLS_PROJECT' }),
    );
  });

  it('does not let the environment say another interval than the schedule', () => {
    const contradictory = { ...environment, SHARDBEAT_INTERVAL: '5m', SHARDBEAT_FUNCTION_TIMEOUT: '10s' };
    expect(deploy({ ...given, environment: contradictory })).toMatchObject({
      timeout: 48,
      environment: { SHARDBEAT_INTERVAL: '1m', SHARDBEAT_FUNCTION_TIMEOUT: '48s' },
    });
  });

  it('tells the function which slots have a schedule, whatever the environment says', () => {
    const { environment: told, events } = deploy({
      ...given,
      slots: '3',
      environment: { ...environment, SHARDBEAT_SLOTS: '9' },
    });
    expect(readSettings(told).slots).toEqual(events.map(({ schedule }) => schedule.input.slot));
  });

  it('warns of settings that nobody reads', () => {
    const warnings: string[] = [];
    const warn = (line: string): void => void warnings.push(line);
    deploy({ ...given, warn, environment: { ...environment, SHARDBEAT_STRAT: 'end' } });
    expect(warnings).toEqual(['SHARDBEAT_STRAT: there is no such setting; SHARDBEAT_START is one']);
  });
});
