/** What may be wrong with a group as a whole, its slots and its dead letters. */
import { about as duration, several } from '../../amounts.ts';
import type { State } from '../feed.ts';
import { named, ofShards, openOf, type Rule } from './findings.ts';

export const absent: Rule = ({ status }, command) =>
  status === 'absent'
    ? [
        {
          level: 'warning',
          says: 'There is no such group yet: its first tick makes it.',
          command: command('doctor'),
        },
      ]
    : [];

export const nobodyTicks: Rule = ({ status, slots }, command) =>
  status !== 'idle'
    ? []
    : [
        {
          level: 'bad',
          says:
            slots.length === 0
              ? 'No slot has ever ticked: nothing is read.'
              : `No slot ticks, the last one ${named('slot', [lastOf(slots)])}: nothing is read.`,
          advice: 'See its schedule, and the errors of the function in its log.',
          command: command('doctor'),
        },
      ];

const lastOf = (slots: State['slots']): string =>
  slots.toSorted((one, other) => other.heartbeatAt - one.heartbeatAt)[0]!.slot;

export const deadSlots: Rule = ({ status, slots, at }, command) => {
  const dead = status === 'idle' ? [] : slots.filter(({ live }) => !live);
  if (dead.length === 0) return [];
  const [first] = dead;
  const one = dead.length === 1;
  return [
    {
      level: 'warning',
      says: one
        ? `${first!.slot} is dead: it has not ticked for ${duration(at - first!.heartbeatAt)}.`
        : `${dead.length} of ${slots.length} slots are dead: ${named(
            'slot',
            dead.map(({ slot }) => slot),
          )}.`,
      advice: `${one ? 'Its' : 'Their'} shards go to the others. See the schedule, and the errors of the function in its log.`,
      command: command('doctor'),
      ...(one && { slot: first!.slot }),
    },
  ];
};

export const paused: Rule = (state, command) => {
  if (state.status === 'paused')
    return [{ level: 'warning', says: 'The group is paused: nothing is read.', command: command('resume') }];
  return ofShards(
    openOf(state).filter(({ paused: isPaused }) => isPaused),
    (names, worst) => ({
      level: 'note',
      says: `Paused: ${names}.`,
      command: command(`resume --shard ${worst.shard}`),
    }),
  );
};

export const letters: Rule = ({ deadLetters = 0 }, command) => {
  if (deadLetters === 0) return [];
  const [waits, them] = deadLetters === 1 ? ['waits', 'it'] : ['wait', 'them'];
  return [
    {
      level: 'warning',
      says: `${several(deadLetters, 'dead letter')} ${waits} for somebody to redrive or drop ${them}.`,
      advice: `Mend your function, then have it take ${them} once more:`,
      command: command('redrive'),
    },
  ];
};

export const draining: Rule = ({ slots }, command) => {
  const some = slots.filter((slot) => slot.draining && slot.live).map(({ slot }) => slot);
  if (some.length === 0) return [];
  const says = `${named('slot', some)} ${some.length === 1 ? 'drains' : 'drain'}, and ${some.length === 1 ? 'is' : 'are'} given no shard.`;
  return [{ level: 'note', says, command: command(`undrain ${some[0]}`) }];
};

export const unknown: Rule = ({ missing }) =>
  missing.map((text) => ({ level: 'note', says: `Not known: ${text}` }));
