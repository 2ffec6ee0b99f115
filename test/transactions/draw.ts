import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Dice } from '../../local/faults/dice.ts';

export const TABLE = 'shardbeat';
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const ITEMS_MAX = 4;

const keyOf = (name: string) => ({ pk: { S: 'group' }, sk: { S: name } });
const number = (value: number): AttributeValue => ({ N: String(value) });

/** One transaction: mostly one that may be done, of items that are often there. */
export function drawTransaction(dice: Dice): TransactWriteItem[] {
  const names = NAMES.toSorted(() => dice.next() - 0.5);
  // Now and then two of one item.
  if (dice.chance(0.05)) names[1] = names[0]!;
  return names.slice(0, dice.between(1, ITEMS_MAX)).map((name) => drawAction(dice, name));
}

function drawAction(dice: Dice, name: string): TransactWriteItem {
  const Key = keyOf(name);
  const common = { TableName: TABLE };
  const condition = drawCondition(dice);
  const guarded: Partial<Conditional> = dice.chance(0.4) ? condition : {};
  const kind = dice.pick(['ConditionCheck', 'Put', 'Put', 'Update', 'Update', 'Delete'] as const);
  if (kind === 'ConditionCheck') return { ConditionCheck: { ...common, Key, ...condition } };
  if (kind === 'Delete') return { Delete: { ...common, Key, ...guarded } };
  if (kind === 'Put') {
    const Item = {
      ...Key,
      count: number(dice.between(0, 3)),
      ...(dice.chance(0.3) && { tags: { L: [{ S: 'x' }] } }),
    };
    return { Put: { ...common, Item, ...guarded } };
  }
  const update = dice.pick([
    { UpdateExpression: 'ADD #count :one', more: { ':one': number(1) } },
    { UpdateExpression: 'SET #count = :two', more: { ':two': number(2) } },
    {
      UpdateExpression: 'SET #count = if_not_exists(#count, :zero) + :one',
      more: { ':zero': number(0), ':one': number(1) },
    },
    // Cannot be done where there are tags, which are a list.
    { UpdateExpression: 'ADD tags :one', more: { ':one': number(1) } },
    { UpdateExpression: 'REMOVE tags SET seen = :two', more: { ':two': number(2) } },
  ]);
  return {
    Update: {
      ...common,
      Key,
      UpdateExpression: update.UpdateExpression,
      ...(guarded.ConditionExpression && { ConditionExpression: guarded.ConditionExpression }),
      ...(`${update.UpdateExpression}${guarded.ConditionExpression}`.includes('#count') && {
        ExpressionAttributeNames: { '#count': 'count' },
      }),
      ExpressionAttributeValues: { ...update.more, ...guarded.ExpressionAttributeValues },
    },
  };
}

interface Conditional {
  ConditionExpression: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, AttributeValue>;
}

function drawCondition(dice: Dice): Conditional {
  const names = { ExpressionAttributeNames: { '#count': 'count' } };
  const least = { ':least': number(dice.between(0, 3)) };
  return dice.pick<Conditional>([
    { ConditionExpression: 'attribute_exists(pk)' },
    { ConditionExpression: 'attribute_not_exists(pk)' },
    { ConditionExpression: 'attribute_not_exists(tags) OR attribute_exists(seen)' },
    { ConditionExpression: '#count >= :least', ...names, ExpressionAttributeValues: least },
    { ConditionExpression: 'NOT #count = :least', ...names, ExpressionAttributeValues: least },
  ]);
}
