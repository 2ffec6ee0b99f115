import { type Mutant, mutant } from './mutant.ts';

/** The rules of a tick that goes on once it has read all up. */
export const LINGER_MUTANTS: readonly Mutant[] = [
  {
    name: 'lingers past its lease',
    patches: [
      { file: 'tick/linger.ts', find: 'if (!over.aborted && leftMs > 0)', replace: 'if (true)' },
      {
        file: 'tick/linger.ts',
        find: 'clock.sleep(Math.min(durationMs, leftMs), over)',
        replace: 'clock.sleep(Math.max(durationMs, leftMs + 5_000))',
      },
    ],
  },
  mutant(
    'lingers and never looks',
    'tick/linger.ts',
    'if (hasComeSince || isAwaited()) await look();',
    'if (isAwaited()) await look();',
  ),
  mutant(
    'acknowledged while at work',
    'tick/linger.ts',
    'if (news !== undefined) session.end(news);',
    "if (typeof news === 'object') await (await import('./watch.ts')).adoptNews(context, news.consumer);\n    if (news !== undefined) session.end(news);",
  ),
  mutant(
    'work goes on by the old plan after it was given up',
    'tick/rounds.ts',
    'return adopted && { context: { ...context, consumer: adopted }, cache: undefined };',
    'return adopted && { context: { ...context, consumer: { ...adopted, assigned: { ...worked.consumer.assigned, ...adopted.assigned } } }, cache: worked.remembered(0) };',
  ),
  mutant(
    'acknowledged in the name of another run',
    'group/acknowledge.ts',
    "condition: { equal: 'invocation', value: invocation },",
    'condition: { all: [] },',
  ),
  mutant(
    'remembered by a tick that an operator has counted',
    'tick/rounds.ts',
    'cache: undefined };\n  }\n  if (end ===',
    'cache: worked.remembered(0) };\n  }\n  if (end ===',
  ),
  mutant(
    'a slot that is waited for is not asked for again',
    'tick/slot.ts',
    'if (await isFreeInTime(taking, times, seen)) continue;',
    'if (await isFreeInTime(taking, times, seen)) return { accepted: true, consumer, isEarly };',
  ),
];
