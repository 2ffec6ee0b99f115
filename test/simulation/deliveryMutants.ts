import { type Mutant, mutant } from './mutant.ts';

/** What a write says without the last part of its fence. */
const withoutStep = (write: string): string =>
  `{
    const { all } = held(holding) as any;
    const fenced = { ...${write}, condition: { all: all.slice(0, 3) } };
    return (await store.update(shardKey(holding.shard), fenced, options)).accepted;
  }`;

/** Where the user's function is called. */
const GIVE = `  const calledAt = context.clock.now();
  const { delivered, beganAt } = await deliver(context, work.holding.shard, range, part, limitMs);
`;

/** The rules by which records are given, given again, and given up. */
export const DELIVERY_MUTANTS: readonly Mutant[] = [
  {
    name: 'noted after it is given',
    patches: [
      { file: 'tick/range/rangeWork.ts', find: GIVE, replace: '' },
      {
        file: 'tick/range/rangeWork.ts',
        find: '  if (context.isCold || pending.deadly ||',
        replace: `${GIVE}  if (context.isCold || pending.deadly ||`,
      },
    ],
  },
  mutant(
    'nothing noted in a cold tick',
    'tick/range/rangeWork.ts',
    'if (context.isCold || pending',
    'if (pending',
  ),
  mutant(
    'nothing noted of durable batches',
    'tick/range/rangeWork.ts',
    " || context.settings.delivery.identity === 'durable') {",
    ') {',
  ),
  mutant(
    'noted in warm ticks, too',
    'tick/range/rangeWork.ts',
    'if (context.isCold || pending',
    'if (true || pending',
  ),
  mutant(
    'failure not noted',
    'tick/range/parts.ts',
    "    if ((await noted(work, next)) === 'lost') return 'lost';\n  } finally {",
    '    at.pending = next;\n  } finally {',
  ),
  mutant(
    'note without its step',
    'group/commit.ts',
    '  return fencedWrite(store, holding, { set: { pending, step: (holding.step ?? 0) + 1 } }, options);\n',
    withoutStep('{ set: { pending, step: (holding.step ?? 0) + 1 } }'),
  ),
  mutant(
    'checkpoint without its step',
    'group/commit.ts',
    '  return fencedWrite(store, holding, write, options);\n',
    withoutStep('write'),
  ),
  mutant(
    'position within the batch forgotten',
    'tick/shard.ts',
    '  cursor,\n  state,\n  pending,\n',
    '  cursor,\n  state,\n  pending: pending && { ...pending, done: 0 },\n',
  ),
  mutant(
    'what was finished before the one named given again',
    'delivery/attempt.ts',
    '...restFrom(pending, block > 0 ? done : place),',
    '...restFrom(pending, done),',
  ),
  mutant(
    'what was finished when the time was over given again',
    'delivery/attempt.ts',
    '  if (place > part.first) return succeeded(pending, place, failure.at);\n',
    '',
  ),
  mutant(
    'places counted from what is left',
    'tick/range/range.ts',
    'Math.max(0, countBefore - left)',
    '0 * Math.max(0, countBefore - left)',
  ),
  mutant(
    'range read to another end',
    'tick/range/readRange.ts',
    'endCursor: pending.to });',
    'endCursor: undefined });',
  ),
  mutant(
    'shorter answer taken for the whole range',
    'tick/range/readRange.ts',
    '} while (cursor !== pending.to);',
    '} while (pending === null);',
  ),
  mutant(
    'answer without records believed',
    'tick/range/readRange.ts',
    'if (standsStill && isShort(context, pulled, pending.to)) return gone(',
    'if (pulled === undefined) return gone(',
  ),
  mutant(
    'parts that succeed not noted',
    'tick/range/parts.ts',
    '  if (part.last < range.count) return noted(work, withPace(next, at.pace), along);\n',
    '  if (part.last < range.count) return Promise.resolve(void (at.pending = next));\n',
  ),
  mutant(
    'seek leaves what was pending',
    'group/operations.ts',
    "unset: ['pending', 'step', 'lagMs'],",
    "unset: ['lagMs'],",
  ),
  mutant(
    'checkpoint leaves what was pending',
    'group/commit.ts',
    "unset: pending === undefined ? ['pending', 'step', 'sought'] : ['sought'],",
    "unset: ['sought'],",
  ),
  mutant(
    'limit in records ignored',
    'tick/range/parts.ts',
    'Math.min(fit, context.settings.delivery.recordsMax, recordsFit)',
    'Math.min(fit, recordsFit)',
  ),
  mutant(
    'what ran out of time not halved',
    'delivery/attempt.ts',
    'size: shareOf(count), inWork: undefined, message: failure.message',
    'size: count, inWork: undefined, message: failure.message',
  ),
  mutant(
    'what has failed not halved',
    'delivery/attempt.ts',
    '    size: shareOf(count),\n    notBefore: undefined,\n',
    '    size: count,\n    notBefore: waitUntil(2, failure, rules),\n',
  ),
  mutant(
    'wait that does not grow',
    'delivery/waits.ts',
    'intervalMs * 2 ** (attempts - 2)',
    'intervalMs / 2',
  ),
  mutant(
    'no wait in an outage',
    'delivery/attempt.ts',
    '    lastAt: at,\n    inWork: undefined,\n    notBefore: waitLongest({ at }, rules),\n',
    '    lastAt: at,\n    inWork: undefined,\n    notBefore: undefined,\n',
  ),
  mutant(
    'outage not told',
    'tick/range/stuck.ts',
    "  logger.error('delivery.outage', { ...told, remedy: OUTAGE_REMEDY });\n",
    '',
  ),
  mutant(
    'one attempt less than allowed',
    'delivery/attempt.ts',
    'attempts >= rules.attemptsMax',
    'attempts >= rules.attemptsMax - 1',
  ),
  mutant(
    'no wait',
    'tick/batches.ts',
    '!mustWait(pending, groupNow(), settings.times.intervalMs)',
    'mustWait !== null',
  ),
  mutant(
    'age ignored',
    'tick/range/tooOld.ts',
    '  if (isTooOld === undefined) return 0;\n',
    '  if (isTooOld !== null) return 0;\n',
  ),
  mutant(
    'given up without evidence',
    'tick/range/block.ts',
    'if (hasSucceededSince(context, round.lastFailedAt)) return',
    'if (round !== null) return',
  ),
  mutant(
    'evidence of any time',
    'tick/range/rangeWork.ts',
    'successes.at !== undefined && successes.at > since;',
    'successes.at !== undefined;',
  ),
  mutant(
    'evidence from before the last failure but one',
    'tick/range/block.ts',
    'if (hasSucceededSince(context, round.lastFailedAt)) return',
    'if (hasSucceededSince(context, pending.firstAt)) return',
  ),
  mutant(
    'block not tried again',
    'tick/range/parts.ts',
    'const round: Round = { tried, lastFailedAt: lastAt, isStale: tried === block };',
    'const round: Round = { tried: block ?? tried, lastFailedAt: lastAt, isStale: false };',
  ),
  mutant(
    'probe with others behind it',
    'tick/range/block.ts',
    '  const answer = await given(work, where.pending, where, keep);\n',
    '  const part = { first: where.part.first, last: where.range.count };\n  const answer = await given(work, where.pending, { ...where, part }, keep);\n',
  ),
  mutant(
    'given up where the shard is to stop',
    'tick/range/block.ts',
    'if (!givesUp(context)) return stuck(',
    'if (round === null) return stuck(',
  ),
  mutant(
    'given up without a note',
    'tick/range/block.ts',
    ') => noted(work, condemned(',
    ') => (async (work: RangeWork, next: Pending, _along?: Along) => void (work.at.pending = next))(work, condemned(',
  ),
  mutant(
    'dead letter after the checkpoint',
    'tick/range/bury.ts',
    '  const kept = await context.deadLetters.put(letters, { signal: budget.requests });\n',
    "  let kept = 'kept';\n  context.deadLetters.put(letters, { signal: budget.requests }).catch(() => {});\n",
  ),
  mutant(
    'dead letters without room passed',
    'tick/range/bury.ts',
    "if (kept === 'full') return",
    'if (kept === null) return',
  ),
  mutant(
    'what was tried behind the range forgotten',
    'tick/range/checkpoint.ts',
    '  const pending = done && nextOf(done);\n',
    '  const pending = undefined;\n',
  ),
  mutant(
    'end of what is tried behind the range not noted',
    'tick/range/behind.ts',
    'const pending = behind.length > 0 ? { ...begun, behind } : begun;',
    'const pending = begun;',
  ),
  mutant(
    'one range behind a block',
    'tick/range/behind.ts',
    'const BEHIND_RANGES_MAX = 100;',
    'const BEHIND_RANGES_MAX = 1;',
  ),
  mutant(
    'death of one of a block held against the one behind it',
    'delivery/attempt.ts',
    '  const { at, place = done + block } = inWork!;\n',
    '  const { at } = inWork!;\n  const place = done + block;\n',
  ),
  mutant(
    'death not counted',
    'tick/range/death.ts',
    'if (pending === undefined || run',
    'if (pending !== null || run',
  ),
  mutant('ended runs taken for dead', 'tick/range/death.ts', ' || endedRuns.has(run))', ')'),
  mutant(
    'left as if it were in work',
    'tick/range/parts.ts',
    '  if (pending.inWork?.run !== context.consumer.invocation) return undefined;\n',
    '  if (pending !== null) return undefined;\n',
  ),
  mutant(
    'time that a block has taken forgotten',
    'tick/range/parts.ts',
    '  if (isUndecided && tried !==',
    '  if (isUndecided && null ===',
  ),
  mutant(
    'deadly record never tried again',
    'delivery/attempt.ts',
    '    ...pending,\n    tried: undefined,\n',
    '    ...pending,\n    tried: pending.deadly ? pending.block : undefined,\n',
  ),
  mutant(
    'suspects among the others',
    'tick/shard.ts',
    'if (!known.isItsTurn && isSuspect(',
    'if (known.isItsTurn === null && isSuspect(',
  ),
  mutant(
    'suspects together',
    'tick/shards.ts',
    `  for (const [shard, grant] of byDeaths) {
    // Whichever of them is to blame, the others need time, too.
    const until = clock.now() + budget.remainingMs() / waiting--;
    await work(shard, grant, (now) => now >= until);
  }
`,
    `  await forEachParallel(byDeaths, 2, async ([shard, grant]) => {
    const until = clock.now() + budget.remainingMs() / waiting--;
    await work(shard, grant, (now) => now >= until);
  });
`,
  ),
  mutant(
    'batch that is too small does not wait',
    'tick/range/readRange.ts',
    "return bytes < bytesMin && mayWait(context, at, range) ? 'gathering' : range;",
    'return range;',
  ),
  mutant(
    'pulls not joined',
    'tick/range/readRange.ts',
    'const isEnough = bytes >= bytesMin ||',
    'const isEnough = bytes >= 0 ||',
  ),
  mutant(
    'batch that is too small waits for ever',
    'tick/range/readRange.ts',
    'return isKnown && ageMs < waitMaxMs && now - at.gatheringSince < waitMaxMs;',
    'return isKnown && waitMaxMs > 0;',
  ),
  mutant(
    'redrive without claim',
    'delivery/deadLetters/shelf.ts',
    'const claimed = await shelf.write(seen, state, options);',
    'const claimed = seen;',
  ),
  mutant(
    'redrive not counted',
    'delivery/deadLetters/shelf.ts',
    'redrives: redrives + 1, redrivenAt',
    'redrives, redrivenAt',
  ),
  mutant(
    'claims of others taken for over',
    'delivery/deadLetters/shelf.ts',
    "else if (claimedUntil > now()) yield 'taken';",
    'else if (claimedUntil > now()) yield await claim(entry, leaseMs, options);',
  ),
  mutant(
    'interrupted redrive never repeated',
    'delivery/deadLetters/shelf.ts',
    '      if (isAnyInterrupted) {\n',
    '      if (isAnyInterrupted === null) {\n',
  ),
  mutant(
    'dead letter removed whatever came of it',
    'delivery/giveLetter.ts',
    "delivered.how === 'succeeded' ? await removed(claim, delivered.writes, options)",
    'delivered.how !== null ? await removed(claim, undefined, options)',
  ),
];
