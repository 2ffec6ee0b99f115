import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Condition, Write } from '../store.ts';

/** Placeholders of one request. Every name gets one: `owner`, `state` and more are reserved words of DynamoDB. */
export interface Names {
  name(attribute: string): string;
  value(value: unknown): string;
  attributes(): {
    ExpressionAttributeNames: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  };
}

export function createNames(): Names {
  const names = new Map<string, string>();
  const values: Record<string, unknown> = {};
  return {
    name(attribute) {
      const known = names.get(attribute) ?? `#n${names.size}`;
      names.set(attribute, known);
      return known;
    },
    value(value) {
      const placeholder = `:v${Object.keys(values).length}`;
      values[placeholder] = value;
      return placeholder;
    },
    attributes: () => ({
      ExpressionAttributeNames: Object.fromEntries([...names].map(([attribute, name]) => [name, attribute])),
      // An empty map of values is refused by the service.
      ...(Object.keys(values).length > 0 && {
        ExpressionAttributeValues: marshall(values, { removeUndefinedValues: true }),
      }),
    }),
  };
}

export function conditionExpression<T>(condition: Condition<T>, names: Names): string {
  if ('all' in condition) return joined(condition.all, 'AND', names);
  if ('any' in condition) return joined(condition.any, 'OR', names);
  if ('exists' in condition) return `attribute_exists(${names.name(condition.exists)})`;
  if ('absent' in condition) return `attribute_not_exists(${names.name(condition.absent)})`;
  if ('equal' in condition) return `${names.name(condition.equal)} = ${names.value(condition.value)}`;
  return `${names.name(condition.less)} < ${names.value(condition.value)}`;
}

function joined<T>(parts: readonly Condition<T>[], word: 'AND' | 'OR', names: Names): string {
  return `(${parts.map((part) => conditionExpression(part, names)).join(` ${word} `)})`;
}

export function updateExpression<T>(write: Write<T>, names: Names): string {
  const set = Object.entries(write.set ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([attribute, value]) => `${names.name(attribute)} = ${names.value(value)}`);
  for (const [attribute, rule] of Object.entries(write.copy ?? {})) {
    const { from, otherwise } = rule as { from: string; otherwise: number };
    set.push(`${names.name(attribute)} = if_not_exists(${names.name(from)}, ${names.value(otherwise)})`);
  }
  const add = Object.entries(write.add ?? {}).map(
    ([attribute, amount]) => `${names.name(attribute)} ${names.value(amount)}`,
  );
  const unset = (write.unset ?? []).map((attribute) => names.name(attribute));
  const clauses = [
    set.length > 0 && `SET ${set.join(', ')}`,
    add.length > 0 && `ADD ${add.join(', ')}`,
    unset.length > 0 && `REMOVE ${unset.join(', ')}`,
  ];
  return clauses.filter((clause) => clause !== false).join(' ');
}
