/** Items of a table of DynamoDB. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { SettingsError, ShardbeatError } from '../errors.ts';
import { type AwsSinkOptions, createAwsJson } from './core/aws.ts';
import { checkCount, checkText } from './core/checks.ts';
import { entriesOf, type Transform, tooLarge } from './core/entry.ts';
import { type Answer, createSink, DONE, type Sink } from './core/sink.ts';

export type { Transform } from './core/entry.ts';

/** Which table, and what an item is. */
export interface DynamodbSinkOptions extends AwsSinkOptions {
  readonly tableName: string;
  /** Names of the table's key attributes: the partition key, and the sort key if there is one. */
  readonly key: readonly [string] | readonly [string, string];
  /** What becomes an item, key attributes included; an item that has the same key is replaced. */
  readonly transform: Transform<Readonly<Record<string, unknown>>>;
  /** Requests at a time; 4 unless set. */
  readonly parallelMax?: number | undefined;
}

type Attributes = Record<string, AttributeValue>;
/** As it is sent: bytes as base64. */
type Item = Readonly<Record<string, unknown>>;

/** "BatchWriteItem", API reference: so many items, and 16 MB as they are sent. */
const ITEMS_MAX = 25;
const BYTES_MAX = 16_000_000;
/** The same: of one item, as it is stored. */
const ITEM_BYTES_MAX = 400 * 1024;
const PARALLEL_MAX = 4;
const PARALLEL_MOST = 64;

/**
 * Puts an item for each record. With a key made of `name`, which every record has to itself, a record is there once, however often it comes.
 * Items of one key are put in order.
 */
export function dynamodbSink(options: DynamodbSinkOptions): Sink {
  const { tableName, key: names, transform, parallelMax = PARALLEL_MAX } = options;
  checkText('dynamodbSink: tableName', tableName, 'name the table');
  if (!Array.isArray(names) || names.length < 1 || names.length > 2 || !names.every(Boolean)) {
    throw new SettingsError(
      'dynamodbSink: key',
      String(names),
      "name the key attributes, as in ['pk', 'sk']",
    );
  }
  if (typeof transform !== 'function') {
    throw new SettingsError('dynamodbSink: transform', undefined, 'make an item of a record, with its key');
  }
  checkCount('dynamodbSink: parallelMax', parallelMax, PARALLEL_MOST);
  const operation = {
    service: 'dynamodb',
    target: 'DynamoDB_20120810.BatchWriteItem',
    version: '1.0',
  } as const;
  const call = createAwsJson({ ...operation, named: `table ${tableName}` }, options);
  const keyOf = (item: Item): string => JSON.stringify(names.map((name) => item[name]));

  return createSink<Item>(
    {
      name: 'dynamodb',
      limits: { countMax: ITEMS_MAX, bytesMax: BYTES_MAX },
      parallelMax,
      read: (batch) =>
        entriesOf(batch, transform, ({ value }) => {
          const attributes: Attributes = marshall(value, { removeUndefinedValues: true });
          const stored = bytesOfMap(attributes);
          if (stored > ITEM_BYTES_MAX) throw tooLarge(stored, ITEM_BYTES_MAX);
          const item = sentMap(attributes);
          const missing = names.find((name) => item[name] === undefined);
          if (missing !== undefined) {
            throw new ShardbeatError(`the item has no ${missing}, which is of the table's key`, {
              retriable: false,
            });
          }
          return { value: item, bytes: Buffer.byteLength(JSON.stringify(item)), key: keyOf(item) };
        }),
      async send(entries, _batch, signal) {
        const puts = entries.map(({ value }) => ({ PutRequest: { Item: value } }));
        const { UnprocessedItems } = await call({ RequestItems: { [tableName]: puts } }, signal);
        const left = (UnprocessedItems as Record<string, typeof puts> | undefined)?.[tableName] ?? [];
        const again = new Set(left.map(({ PutRequest }) => keyOf(PutRequest.Item)));
        return entries.map(({ key }): Answer => (again.has(key!) ? THROTTLED : DONE));
      },
    },
    options,
  );
}

const THROTTLED: Answer = {
  how: 'again',
  error: new ShardbeatError('DynamoDB did not process all of the items: the table is throttled', {
    retriable: true,
  }),
};

/** "DynamoDB item sizes and formats", developer guide; of a number no less than it takes. */
function bytesOfMap(map: Attributes): number {
  return Object.entries(map).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOfValue(value),
    0,
  );
}

function bytesOfValue({ S, N, B, SS, NS, BS, L, M }: AttributeValue): number {
  const sum = (sizes: readonly number[]): number => sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (S !== undefined) return Buffer.byteLength(S);
  if (B !== undefined) return B.length;
  if (N !== undefined) return NUMBER_BYTES_MAX;
  if (SS !== undefined) return sum(SS.map((text) => Buffer.byteLength(text)));
  if (BS !== undefined) return sum(BS.map((bytes) => bytes.length));
  if (NS !== undefined) return NS.length * NUMBER_BYTES_MAX;
  if (L !== undefined) return DOCUMENT_BYTES + sum(L.map((value) => 1 + bytesOfValue(value)));
  if (M !== undefined) return DOCUMENT_BYTES + Object.keys(M).length + bytesOfMap(M);
  return 1;
}

const NUMBER_BYTES_MAX = 21;
const DOCUMENT_BYTES = 3;

const sentMap = (map: Attributes): Item =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, sentValue(value)]));

function sentValue(value: AttributeValue): unknown {
  const { B, BS, L, M } = value;
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  if (B !== undefined) return { B: base64(B) };
  if (BS !== undefined) return { BS: BS.map(base64) };
  if (L !== undefined) return { L: L.map(sentValue) };
  return M === undefined ? value : { M: sentMap(M) };
}
