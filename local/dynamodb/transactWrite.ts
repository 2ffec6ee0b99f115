/**
 * `TransactWriteItems`, which the emulator lacks, made of requests that it has: each action is done as one of its own, and if one of them is
 * refused, all items are put back as they were. Nobody sees anything in between, as whoever calls this sees to it that nothing else
 * goes on meanwhile. API reference: "TransactWriteItems", "TransactionCanceledException".
 *
 * Not looked at: the limit of 4 MB for all items together.
 */
import assert from 'node:assert/strict';

/** Asks the emulator. */
export type Call = (operation: string, input: object) => Promise<{ ok: boolean; output: Output }>;

/** `units`: what is billed, by table. */
export type Answered =
  | { ok: true; units: Units }
  | { ok: false; type: string; message: string; details?: object; units: Units };

type Units = ReadonlyMap<string, number>;

interface Output {
  __type?: string;
  message?: string;
  Item?: Item;
  ConsumedCapacity?: { CapacityUnits?: number };
  Table?: { KeySchema?: { AttributeName: string }[] };
}

type Item = Readonly<Record<string, unknown>>;

/** One of the four things that may be done to an item. */
interface Action {
  kind: 'ConditionCheck' | 'Put' | 'Update' | 'Delete';
  given: Readonly<Record<string, unknown>>;
  table: string;
  key: Item;
}

interface Reason {
  Code: string;
  Message?: string | undefined;
  Item?: Item | undefined;
}

const ITEMS_MAX = 100;
const KINDS = ['ConditionCheck', 'Put', 'Update', 'Delete'] as const;
/** A condition alone is an update that changes nothing, and is put back in any case. */
const OPERATIONS = {
  ConditionCheck: 'UpdateItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
} as const;
/** What of an item only shows when it is written: a reason to cancel. Anything else that is invalid is so whatever the item. */
const INVALID_FOR_ITEM =
  /incorrect data type|document path provided in the update expression|does not exist in the item|Item size to update|Type mismatch/;

class Refused extends Error {
  readonly type: string;
  constructor(message: string, type = 'ValidationException') {
    super(message);
    this.type = type;
  }
}

/** Does all of it, or nothing. */
export async function transactWrite(request: object, call: Call): Promise<Answered> {
  let actions: Action[];
  try {
    actions = await actionsOf(request, call);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, type: error.type, message: error.message, units: new Map() };
  }
  const before = await Promise.all(actions.map((action) => itemOf(action, call)));
  const done = await Promise.all(actions.map((action) => act(action, call)));
  const isCancelled = done.some(({ refused }) => refused !== undefined);
  for (const [index, action] of actions.entries()) {
    const isUndone = isCancelled || action.kind === 'ConditionCheck';
    if (isUndone && done[index]!.refused === undefined) await putBack(action, before[index], call);
  }
  const units = new Map<string, number>();
  for (const [index, { table }] of actions.entries()) {
    // Each item is prepared and then written, also where nothing comes of it.
    units.set(table, (units.get(table) ?? 0) + 2 * Math.max(1, done[index]!.units));
  }
  if (!isCancelled) return { ok: true, units };
  const invalid = done.find(({ refused }) => refused !== undefined && !isReason(refused));
  if (invalid?.refused) return { ok: false, ...invalid.refused, units: new Map() };
  const reasons = done.map(({ refused }, index) => reasonOf(refused, actions[index]!, before[index]));
  const codes = reasons.map(({ Code }) => Code).join(', ');
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  const details = { CancellationReasons: reasons };
  return { ok: false, type: 'TransactionCanceledException', message, details, units };
}

async function actionsOf(request: object, call: Call): Promise<Action[]> {
  const { TransactItems: items } = request as { TransactItems?: unknown };
  if (!Array.isArray(items) || items.length === 0 || items.length > ITEMS_MAX) {
    throw new Refused(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length between 1 and ${ITEMS_MAX}`,
    );
  }
  const keys = new Map<string, readonly string[]>();
  const actions: Action[] = [];
  const touched = new Set<string>();
  for (const item of items as Record<string, unknown>[]) {
    const kinds = KINDS.filter((kind) => item?.[kind] != null);
    if (kinds.length !== 1)
      throw new Refused('TransactItems can only contain one of Check, Put, Update or Delete');
    const kind = kinds[0]!;
    const given = item[kind] as Action['given'];
    const table = String(given.TableName ?? '');
    if (!keys.has(table)) keys.set(table, await keyNames(table, call));
    const from = ((kind === 'Put' ? given.Item : given.Key) ?? {}) as Item;
    const key = Object.fromEntries(keys.get(table)!.map((name) => [name, from[name]]));
    const what = JSON.stringify([table, key]);
    if (touched.has(what))
      throw new Refused('Transaction request cannot include multiple operations on one item');
    touched.add(what);
    if (kind === 'ConditionCheck' && !given.ConditionExpression)
      throw new Refused('The expression can not be empty;');
    actions.push({ kind, given, table, key });
  }
  return actions;
}

async function keyNames(table: string, call: Call): Promise<string[]> {
  const { ok, output } = await call('DescribeTable', { TableName: table });
  if (!ok) throw new Refused(output.message ?? '', typeOf(output));
  return (output.Table?.KeySchema ?? []).map(({ AttributeName }) => AttributeName);
}

async function itemOf({ table, key }: Action, call: Call): Promise<Item | undefined> {
  const { output } = await call('GetItem', { TableName: table, Key: key, ConsistentRead: true });
  return output.Item;
}

interface Acted {
  units: number;
  refused: { type: string; message: string } | undefined;
}

async function act({ kind, given }: Action, call: Call): Promise<Acted> {
  const { ReturnValuesOnConditionCheckFailure: _returned, ...input } = given;
  const { ok, output } = await call(OPERATIONS[kind], { ...input, ReturnConsumedCapacity: 'TOTAL' });
  const units = output.ConsumedCapacity?.CapacityUnits ?? 0;
  return { units, refused: ok ? undefined : { type: typeOf(output), message: output.message ?? '' } };
}

async function putBack({ table, key }: Action, item: Item | undefined, call: Call): Promise<void> {
  const { ok, output } =
    item === undefined
      ? await call('DeleteItem', { TableName: table, Key: key })
      : await call('PutItem', { TableName: table, Item: item });
  assert(ok, `an item that was there can be put back: ${output.message}`);
}

const typeOf = ({ __type = '' }: Output): string => __type.split('#')[1] ?? __type;

const isConditional = ({ type }: NonNullable<Acted['refused']>): boolean =>
  type === 'ConditionalCheckFailedException';

const isReason = (refused: NonNullable<Acted['refused']>): boolean =>
  isConditional(refused) ||
  (refused.type === 'ValidationException' && INVALID_FOR_ITEM.test(refused.message));

function reasonOf(refused: Acted['refused'], { given }: Action, before: Item | undefined): Reason {
  if (refused === undefined) return { Code: 'None' };
  const Message = refused.message;
  if (!isConditional(refused)) return { Code: 'ValidationError', Message };
  const isWanted = given.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before !== undefined;
  return { Code: 'ConditionalCheckFailed', Message, ...(isWanted && { Item: before }) };
}
