import type { Fields } from '../../../lib/sources/cls/json.ts';
import type { ControlHandler } from '../call.ts';
import { invalid, objectsOf, optionalInteger, optionalText, optionalTexts, textOf } from '../fields.ts';
import type { Logset } from '../state/logset.ts';
import { addLogset, removeLogset } from '../state/state.ts';
import { timeText } from './times.ts';

const LIMIT = 20;
const LIMIT_MAX = 100;

/** CreateLogset */
export const createLogset: ControlHandler = ({ state, body, nowMs }) => {
  const name = textOf(body, 'LogsetName');
  return { LogsetId: addLogset(state, { id: optionalText(body, 'LogsetId'), name }, nowMs).id };
};

/** DeleteLogset: refused while it has topics. */
export const deleteLogset: ControlHandler = ({ state, body }) => {
  removeLogset(state, textOf(body, 'LogsetId'));
  return {};
};

/** DescribeLogsets. Of its filters those of ids and names are understood; others are refused, as nothing has tags here. */
export const describeLogsets: ControlHandler = ({ state, body }) => {
  const filters = objectsOf(body, 'Filters');
  const found = [...state.logsets.values()].filter((logset) => filters.every(fitsLogset(logset)));
  const from = optionalInteger(body, 'Offset', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const limit = optionalInteger(body, 'Limit', 1, LIMIT_MAX) ?? LIMIT;
  return {
    Logsets: found.slice(from, from + limit).map(({ id, name, createdAtSec, topics }) => ({
      LogsetId: id,
      LogsetName: name,
      CreateTime: timeText(createdAtSec),
      TopicCount: topics.size,
      Tags: [],
    })),
    TotalCount: found.length,
  };
};

/** Names fit by a part of them, ids as a whole. */
export function fitsLogset(logset: Logset): (filter: Fields) => boolean {
  return (filter) => {
    const values = optionalTexts(filter, 'Values') ?? [];
    switch (textOf(filter, 'Key')) {
      case 'logsetId':
        return values.includes(logset.id);
      case 'logsetName':
        return values.some((value) => logset.name.includes(value));
      default:
        throw invalid('Filters');
    }
  };
}
