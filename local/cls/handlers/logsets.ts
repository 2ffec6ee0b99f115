import type { ControlHandler } from '../call.ts';
import { optionalInteger, optionalText, textOf } from '../fields.ts';
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

/** DescribeLogsets. Its filters are not understood here: they are ignored. */
export const describeLogsets: ControlHandler = ({ state, body }) => {
  const all = [...state.logsets.values()];
  const from = optionalInteger(body, 'Offset', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const limit = optionalInteger(body, 'Limit', 1, LIMIT_MAX) ?? LIMIT;
  return {
    Logsets: all.slice(from, from + limit).map(({ id, name, createdAtSec, topics }) => ({
      LogsetId: id,
      LogsetName: name,
      CreateTime: timeText(createdAtSec),
      TopicCount: topics.size,
      Tags: [],
    })),
    TotalCount: all.length,
  };
};
