/** What a table is like, and what whoever asks may do with it. Nothing is written. */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type TableDescription,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

export interface TableShape {
  /** `ACTIVE` where it can be used. */
  readonly status: string;
  /** In the order hash, range: `pk S`, `sk S`. */
  readonly keys: readonly string[];
  /** Of a provisioned table; undefined: paid by request. */
  readonly units: { readonly read: number; readonly write: number } | undefined;
  /** Undefined: it was not told. */
  readonly deletionProtection: boolean | undefined;
  /** Of a table in several regions. Undefined: it is in this one only. */
  readonly regions: TableRegions | undefined;
}

export interface TableRegions {
  /** This one, and those of the other replicas. */
  readonly replicas: readonly string[];
  /** Whether a condition is judged by what any region has written, and a consistent read sees it. */
  readonly isStrong: boolean;
}

/** Rejects with what the SDK throws, as all of this file do. */
export async function readShape(
  client: DynamoDBClient,
  table: string,
  abortSignal: AbortSignal,
): Promise<TableShape> {
  const { Table = {} } = await client.send(new DescribeTableCommand({ TableName: table }), { abortSignal });
  const { KeySchema = [], AttributeDefinitions = [], BillingModeSummary, ProvisionedThroughput } = Table;
  const typeOf = (name: string | undefined): string =>
    AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType ?? '';
  const { ReadCapacityUnits: read = 0, WriteCapacityUnits: write = 0 } = ProvisionedThroughput ?? {};
  const isByRequest = BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST' || (read === 0 && write === 0);
  return {
    status: Table.TableStatus ?? '',
    keys: [...KeySchema]
      .sort((one) => (one.KeyType === 'HASH' ? -1 : 1))
      .map(({ AttributeName }) => `${AttributeName} ${typeOf(AttributeName)}`),
    units: isByRequest ? undefined : { read, write },
    deletionProtection: Table.DeletionProtectionEnabled,
    regions: regionsOf(Table),
  };
}

function regionsOf({ Replicas = [], MultiRegionConsistency }: TableDescription): TableRegions | undefined {
  if (Replicas.length === 0) return undefined;
  const replicas = Replicas.map(({ RegionName = '' }) => RegionName).sort();
  return { replicas, isStrong: MultiRegionConsistency === 'STRONG' };
}

/** The attribute by which it deletes items; undefined: it deletes none. */
export async function readTimeToLive(
  client: DynamoDBClient,
  table: string,
  abortSignal: AbortSignal,
): Promise<string | undefined> {
  const command = new DescribeTimeToLiveCommand({ TableName: table });
  const { TimeToLiveDescription: told } = await client.send(command, { abortSignal });
  return told?.TimeToLiveStatus?.startsWith('ENABL') ? told.AttributeName : undefined;
}

/** Whether it can be restored as it was at any second of the last days. */
export async function readBackups(
  client: DynamoDBClient,
  table: string,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const command = new DescribeContinuousBackupsCommand({ TableName: table });
  const { ContinuousBackupsDescription: told } = await client.send(command, { abortSignal });
  return told?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
}

export const TABLE_ACTIONS = [
  'dynamodb:GetItem',
  'dynamodb:Query',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
] as const;

/** No item has this key, and no item fulfils this condition. */
const PROBE = { sk: { S: 'DOCTOR' } };
const NEVER = 'attribute_exists(pk) AND attribute_not_exists(pk)';

/** Resolves if whoever asks may do it. A write is tried with a condition that no item can fulfil. */
export async function probe(
  client: DynamoDBClient,
  { table, group, action }: { table: string; group: string; action: (typeof TABLE_ACTIONS)[number] },
  abortSignal: AbortSignal,
): Promise<void> {
  const common = { TableName: table, Key: { pk: { S: group }, ...PROBE } };
  const requests = {
    'dynamodb:GetItem': () => client.send(new GetItemCommand(common), { abortSignal }),
    'dynamodb:Query': () =>
      client.send(
        new QueryCommand({
          TableName: table,
          Limit: 1,
          KeyConditionExpression: 'pk = :group',
          ExpressionAttributeValues: { ':group': { S: group } },
        }),
        { abortSignal },
      ),
    'dynamodb:UpdateItem': () =>
      client.send(new UpdateItemCommand({ ...common, ConditionExpression: NEVER }), { abortSignal }),
    'dynamodb:DeleteItem': () =>
      client.send(new DeleteItemCommand({ ...common, ConditionExpression: NEVER }), { abortSignal }),
  };
  try {
    await requests[action]();
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
