/** What the user's function returns to be written into DynamoDB together with the checkpoint. It may be anything. */

import { WritesError } from '../errors.ts';
import type { ItemWrite } from '../group/itemWrite.ts';
import { isArray, readField, textOf } from '../observe/plainError.ts';

/** DynamoDB takes a hundred in one transaction, and one of them is the group's own. */
export const WRITES_MAX = 99;

const KINDS = ['ConditionCheck', 'Put', 'Update', 'Delete'] as const;
/** Of each, what holds attributes. */
const MAPS = ['Key', 'Item', 'ExpressionAttributeValues'] as const;
const TYPES = new Set(['S', 'N', 'B', 'SS', 'NS', 'BS', 'M', 'L', 'NULL', 'BOOL']);

/** The writes that `eachBatch` has returned; undefined if it has returned none. Throws where they cannot be any. */
export function writesOf(returned: unknown): readonly ItemWrite[] | undefined {
  if (!isObject(returned) || !('writes' in returned)) return undefined;
  const { writes } = returned;
  if (!isArray(writes)) throw refused(`writes that are ${kindOf(writes)} and no array`);
  if (writes.length === 0) return undefined;
  if ('failed' in returned)
    throw refused('both failed and writes: nobody can say which records they are of', EITHER);
  // Of so many, all are asked for anew.
  if (writes.length > WRITES_MAX) return writes as readonly ItemWrite[];
  for (const [index, write] of writes.entries()) check(write, index);
  return [...writes] as ItemWrite[];
}

/** Why no more than that can be done at once. */
export const tooMany = (count: number): WritesError =>
  new WritesError(
    `the function returned ${count} writes for one record: no more than ${WRITES_MAX} and the checkpoint fit into a transaction`,
  );

/** Throws if `eachRecord` has returned writes: records that are done one by one have no write in common. */
export function withoutWrites(returned: unknown): void {
  if (isObject(returned) && 'writes' in returned)
    throw new WritesError('eachRecord returned writes: only what eachBatch returns is written');
}

function check(write: unknown, index: number): void {
  const where = `writes[${index}]`;
  if (!isObject(write)) throw refused(`${kindOf(write)} as ${where}`);
  const kinds = KINDS.filter((kind) => readField(write, kind) !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1)
    throw refused(`${where} with ${kinds.join(' and ') || 'none'} of ${KINDS.join(', ')}`, ONE);
  const given = readField(write, kind);
  if (!isObject(given)) throw refused(`${kindOf(given)} as ${where}.${kind}`);
  const table = readField(given, 'TableName');
  if (typeof table !== 'string' || table === '') throw refused(`${where}.${kind} without a TableName`);
  for (const map of MAPS) checkAttributes(readField(given, map), `${where}.${kind}.${map}`);
}

function checkAttributes(map: unknown, where: string): void {
  if (map === undefined) return;
  if (!isObject(map)) throw refused(`${kindOf(map)} as ${where}`);
  for (const [name, value] of Object.entries(map)) {
    const types = isObject(value) ? Object.keys(value) : [];
    if (types.length !== 1 || !TYPES.has(types[0]!))
      throw refused(`${kindOf(value)} as ${where}.${name}`, VALUES);
  }
}

const ONE = 'each is one Put, Update, Delete or ConditionCheck, as TransactWriteItems takes it';
const EITHER = 'return one or the other';
const VALUES =
  "a value is written with its type, such as { N: '1' }; marshall of @aws-sdk/util-dynamodb does that";

const refused = (what: string, remedy = ONE): WritesError =>
  new WritesError(`eachBatch returned ${what}: ${remedy}`);

/** What is in it may be a secret. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return textOf(value);
  if (isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
