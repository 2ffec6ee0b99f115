import { type Mutant, mutant } from './mutant.ts';

/** The rules by which a slot is given back before its run's deadline, and rings are folded. */
export const LEASE_MUTANTS: readonly Mutant[] = [
  mutant(
    'given back in the name of another run',
    'group/lease.ts',
    "condition: { all: [{ equal: 'invocation', value: invocation }, unchanged('rings', rings)] },",
    "condition: { all: [unchanged('rings', rings)] },",
  ),
  mutant(
    'given back whoever has rung',
    'group/lease.ts',
    "condition: { all: [{ equal: 'invocation', value: invocation }, unchanged('rings', rings)] },",
    "condition: { equal: 'invocation', value: invocation || String(rings) },",
  ),
  {
    name: 'rings are a flag that is taken away',
    patches: [
      {
        file: 'group/lease.ts',
        find: "unchanged('rings', rings)] },",
        replace: "{ absent: 'rings' as const, value: rings }] },",
      },
      {
        file: 'tick/givingBack.ts',
        find: '      const adopted = await adoptNews(context, item);\n',
        replace:
          "      await store.update(consumerKey(slot), { unset: ['rings'], condition: { equal: 'invocation', value: item.invocation } }, options);\n      const adopted = await adoptNews(context, { ...item, rings: undefined } as never);\n",
      },
    ],
  },
  mutant(
    'given back while something is left behind',
    'tick/givingBack.ts',
    'if (leftovers.areAny() || budget.requests.aborted)',
    'if (leftovers === undefined || budget.requests.aborted)',
  ),
  mutant(
    'given back before it lingers',
    'tick/rounds.ts',
    '  const end = await lingerOn(',
    '  await giveBackUnlessRung(context);\n  const end = await lingerOn(',
  ),
  mutant(
    'work goes on though nobody knows whether it is given back',
    'tick/givingBack.ts',
    "    logger.info('lease.kept', { slot, error });\n    return undefined;",
    "    logger.info('lease.kept', { slot, error });\n    return { consumer, isAsKnown: true };",
  ),
  mutant(
    'rung, and not polled once more',
    'tick/givingBack.ts',
    'if (!budget.work.aborted) {',
    'if (budget === undefined) {',
  ),
  mutant(
    'a ring goes by the cache of before, whatever has changed',
    'tick/givingBack.ts',
    'isAsKnown: isAsKnown(context.consumer, item) }',
    'isAsKnown: item !== undefined || isAsKnown(context.consumer, item) }',
  ),
  mutant(
    'rung for a slot that nobody holds',
    'group/lease.ts',
    "          { equal: 'busyUntil', value: busyUntil },\n",
    "          { exists: 'busyUntil' as never, value: busyUntil },\n",
  ),
];
