/** What a table is like, and what may be done with it, on a local DynamoDB; nothing is written. */
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  probe,
  readBackups,
  readShape,
  readTimeToLive,
  TABLE_ACTIONS,
} from '../../lib/credentials/awsTable.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';

const signal = new AbortController().signal;
let local: LocalTable;

beforeAll(async () => {
  local = await startLocalTable('shop');
});
afterAll(() => local.close());

/** It answers as DynamoDB would; the local one does not know these calls. */
const answering = (answer: object | Error): DynamoDBClient =>
  ({
    send: async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    },
  }) as unknown as DynamoDBClient;

describe('the shape of a table', () => {
  it('has its keys, and how it is paid', async () => {
    expect(await readShape(local.client, 'shop', signal)).toMatchObject({
      status: 'ACTIVE',
      keys: ['pk S', 'sk S'],
      units: undefined,
    });
  });

  it('is told of a provisioned one with other keys', async () => {
    const Table = {
      TableStatus: 'UPDATING',
      KeySchema: [
        { AttributeName: 'at', KeyType: 'RANGE' },
        { AttributeName: 'id', KeyType: 'HASH' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'at', AttributeType: 'N' },
        { AttributeName: 'id', AttributeType: 'B' },
      ],
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 2 },
      DeletionProtectionEnabled: false,
    };
    expect(await readShape(answering({ Table }), 'shop', signal)).toEqual({
      status: 'UPDATING',
      keys: ['id B', 'at N'],
      units: { read: 5, write: 2 },
      deletionProtection: false,
      regions: undefined,
    });
  });

  it.each([
    ['STRONG', true],
    ['EVENTUAL', false],
    [undefined, false],
  ])('has its regions, and whether each knows what the others have written: %s', async (how, isStrong) => {
    const Table = {
      Replicas: [{ RegionName: 'eu-west-3' }, { RegionName: 'eu-west-1' }],
      MultiRegionConsistency: how,
    };
    const { regions } = await readShape(answering({ Table }), 'shop', signal);
    expect(regions).toEqual({ replicas: ['eu-west-1', 'eu-west-3'], isStrong });
  });

  it.each([
    ['ENABLED', 'expiresAt'],
    ['ENABLING', 'expiresAt'],
    ['DISABLED', undefined],
  ])('has a time to live that is %s', async (TimeToLiveStatus, attribute) => {
    const TimeToLiveDescription = { TimeToLiveStatus, AttributeName: 'expiresAt' };
    expect(await readTimeToLive(answering({ TimeToLiveDescription }), 'shop', signal)).toBe(attribute);
  });

  it.each([
    ['ENABLED', true],
    ['DISABLED', false],
  ])('has backups that are %s', async (PointInTimeRecoveryStatus, isOn) => {
    const told = { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus } };
    const client = answering({ ContinuousBackupsDescription: told });
    expect(await readBackups(client, 'shop', signal)).toBe(isOn);
  });
});

describe('what may be done', () => {
  it.each(TABLE_ACTIONS)('is tried without a trace: %s', async (action) => {
    await probe(local.client, { table: 'shop', group: 'orders', action }, signal);
    const { Count } = await local.client.send(new ScanCommand({ TableName: 'shop' }));
    expect(Count).toBe(0);
  });

  it.each(TABLE_ACTIONS)('is refused by who refuses it: %s', async (action) => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const asked = probe(answering(denied), { table: 'shop', group: 'orders', action }, signal);
    await expect(asked).rejects.toBe(denied);
  });

  it('is missed with the table', async () => {
    const asked = probe(local.client, { table: 'none', group: 'orders', action: 'dynamodb:GetItem' }, signal);
    await expect(asked).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
