import { describe, expect, it } from 'vitest';
import { repeatedWhileHarmless, storeError } from '../../lib/group/stores/dynamodbErrors.ts';
import type { Clock } from '../../lib/runtime.ts';
import { createCountingRandom } from '../support/clock.ts';

const throttled = Object.assign(new Error('slow down'), {
  name: 'ThrottlingException',
  $metadata: { httpStatusCode: 400 },
});
const timedOut = Object.assign(new Error('socket timed out'), { name: 'TimeoutError' });
const invalid = Object.assign(new Error('bad expression'), {
  name: 'ValidationException',
  $metadata: { httpStatusCode: 400 },
});

function run(kind: 'read' | 'write', errors: Error[]) {
  const waits: number[] = [];
  const clock: Clock = { now: () => 0, sleep: async (durationMs) => void waits.push(durationMs) };
  let requests = 0;
  const answer = repeatedWhileHarmless(
    { kind, table: 'shardbeat', signal: new AbortController().signal, clock, random: createCountingRandom() },
    async () => {
      const error = errors[requests++];
      if (error !== undefined) throw error;
      return 'fine';
    },
  );
  return answer.then(
    (value) => ({ value, requests, waits }),
    (error) => ({ error, requests, waits }),
  );
}

describe('requests to DynamoDB', () => {
  it('that are throttled are tried again, later each time, reads and writes alike', async () => {
    expect(await run('write', [throttled, throttled])).toEqual({
      value: 'fine',
      requests: 3,
      waits: [25, 50],
    });
    expect(await run('read', [throttled])).toMatchObject({ value: 'fine', requests: 2 });
  });

  it('are given up after four attempts', async () => {
    const outcome = await run('read', [throttled, throttled, throttled, throttled, throttled]);
    expect(outcome).toMatchObject({ requests: 4, error: { code: 'ThrottlingException', retriable: true } });
  });

  it('that got no answer are tried again if they read, never if they write', async () => {
    expect(await run('read', [timedOut])).toMatchObject({ value: 'fine', requests: 2 });
    expect(await run('write', [timedOut])).toMatchObject({
      requests: 1,
      error: { outcome: 'unknown', retriable: true },
    });
  });

  it('that the service finds wrong are not tried again', async () => {
    expect(await run('write', [invalid])).toMatchObject({
      requests: 1,
      error: { outcome: 'refused', retriable: false },
    });
  });

  it('name the table and the remedy when it does not exist', () => {
    const missing = Object.assign(new Error('not found'), { name: 'ResourceNotFoundException' });
    expect(storeError(missing, 'read', 'shardbeat').message).toMatch(
      /no table "shardbeat": deploy it, or correct SHARDBEAT_TABLE and the region/,
    );
  });
});
