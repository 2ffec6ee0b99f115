import { refuseData } from './errors.ts';

/** Whether a log is kept, by its fields. */
export type Predicate = (fields: ReadonlyMap<string, string>) => boolean;

type Value = { readonly call: string; readonly values: readonly Value[] } | string | number;

/** A text in quotes, a number, a name, or one of the signs between them. */
const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|(-?\d+(?:\.\d+)?)|([a-z_]\w*)|([(),]))/y;
const NUMBER = /^-?\d+(\.\d+)?$/;
const DEPTH_MAX = 50;

/**
 * What a `Query` of PullLogs keeps. Understood are only those functions of the service's language for processing data whose
 * documentation leaves nothing open for fields that are text or numbers (614/37908, and the examples of the official SDKs):
 * `log_keep` of `op_and`, `op_or` and `op_not`, of `op_eq`, `op_gt`, `op_ge`, `op_lt` and `op_le` between a field and a
 * constant, and of `str_exist`. Anything else is refused, rather than answered with what the live service would have left out.
 *
 *     log_keep(op_and(op_gt(v("status"), 400), str_exist(v("message"), "access failed")))
 */
export function parseQuery(query: string): Predicate {
  const parsed = parse(query);
  const { call, values } = callOf(parsed);
  if (call !== 'log_keep' || values.length !== 1) throw refused(query);
  return predicateOf(values[0]!);
}

function predicateOf(condition: Value): Predicate {
  const { call, values } = callOf(condition);
  const parts = (): Predicate[] => values.map(predicateOf);
  if (call === 'op_and' && values.length > 0) return all(parts());
  if (call === 'op_or' && values.length > 0) return any(parts());
  if (call === 'op_not' && values.length === 1) return not(predicateOf(values[0]!));
  const field = fieldOf(values[0]);
  const constant = values[1];
  if (values.length !== 2 || typeof constant === 'object' || constant === undefined) throw refused(call);
  if (call === 'str_exist' && typeof constant === 'string') {
    return (fields) => fields.get(field)?.includes(constant) ?? false;
  }
  if (call === 'op_eq' && typeof constant === 'string') return (fields) => fields.get(field) === constant;
  const compare = COMPARISONS[call];
  if (!compare || typeof constant !== 'number') throw refused(call);
  return (fields) => {
    const text = fields.get(field) ?? '';
    // What is no number is neither more nor less than one.
    return NUMBER.test(text) && compare(Number(text), constant);
  };
}

const COMPARISONS: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  op_eq: (one, other) => one === other,
  op_gt: (one, other) => one > other,
  op_ge: (one, other) => one >= other,
  op_lt: (one, other) => one < other,
  op_le: (one, other) => one <= other,
};

function all(parts: readonly Predicate[]): Predicate {
  return (fields) => parts.every((part) => part(fields));
}

function any(parts: readonly Predicate[]): Predicate {
  return (fields) => parts.some((part) => part(fields));
}

function not(part: Predicate): Predicate {
  return (fields) => !part(fields);
}

/** Of `v("name")`. */
function fieldOf(value: Value | undefined): string {
  if (typeof value !== 'object' || value.call !== 'v') throw refused('a condition without v(…)');
  const [name, ...rest] = value.values;
  if (typeof name !== 'string' || rest.length > 0) throw refused('v');
  return name;
}

function callOf(value: Value) {
  if (typeof value !== 'object') throw refused(String(value));
  return value;
}

function parse(query: string): Value {
  const tokens = new RegExp(TOKEN);
  const next = (): RegExpExecArray => {
    const token = tokens.exec(query);
    if (!token) throw refused(query);
    return token;
  };
  const valueFrom = ([, text, number, name]: RegExpExecArray, depth: number): Value => {
    if (text !== undefined) return text.replace(/\\(.)/g, '$1');
    if (number !== undefined) return Number(number);
    if (name === undefined || next()[4] !== '(' || depth > DEPTH_MAX) throw refused(query);
    const values: Value[] = [];
    let token = next();
    if (token[4] === ')') return { call: name, values };
    while (true) {
      values.push(valueFrom(token, depth + 1));
      const sign = next()[4];
      if (sign === ')') return { call: name, values };
      if (sign !== ',') throw refused(query);
      token = next();
    }
  };
  const value = valueFrom(next(), 0);
  if (query.slice(tokens.lastIndex).trim() !== '') throw refused(query);
  return value;
}

function refused(what: string) {
  return refuseData.invalidParam(`The local service does not understand this in Query: ${what}.`);
}
