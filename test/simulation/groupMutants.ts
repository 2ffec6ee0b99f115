import { type Mutant, mutant } from './mutant.ts';

/** The rules by which slots share shards, and checkpoints move. */
export const GROUP_MUTANTS: readonly Mutant[] = [
  mutant('commit without epoch', 'group/commit.ts', "      { equal: 'epoch', value: holding.epoch },\n", ''),
  mutant(
    'commit without previous cursor',
    'group/commit.ts',
    "      { equal: 'cursor', value: holding.cursor },\n",
    '',
  ),
  {
    ...mutant(
      'commit without owner',
      'group/commit.ts',
      "      { equal: 'owner', value: holding.slot },\n",
      '',
    ),
    harmless: 'an epoch has one owner',
  },
  mutant(
    'refused repeat taken for landed',
    'group/settled.ts',
    'item !== undefined && isLeftBy(write, item)',
    'item !== undefined',
  ),
  mutant(
    'no slot lock',
    'group/heartbeat.ts',
    "{ any: [{ absent: 'busyUntil' }, { less: 'busyUntil', value: now - times.skewMarginMs }] }",
    '{ all: [] }',
  ),
  mutant(
    'heartbeat or its nonce',
    'group/heartbeat.ts',
    "{ any: [{ absent: 'busyUntil' },",
    "{ any: [{ equal: 'invocation', value: nonce }, { absent: 'busyUntil' },",
  ),
  mutant(
    'cursor from before the claim',
    'group/claim.ts',
    'return { claimed: true, item, from: seen.owner };',
    'return { claimed: true, item: { ...item, cursor: seen.cursor }, from: seen.owner };',
  ),
  mutant(
    'claim without waiting for the old owner',
    'group/claim.ts',
    'if (!ownerHasLeft(owner, shard, request.now, request.skewMarginMs))',
    'if (owner === null)',
  ),
  {
    name: 'owner read before the shard',
    patches: [
      {
        file: 'group/claim.ts',
        find: '  const written = await store.update(',
        replace:
          '  seen = (await store.get(shardKey(shard), { ...options, consistent: true })) ?? seen;\n  const written = await store.update(',
      },
    ],
  },
  {
    name: 'no parent gating',
    patches: [
      {
        file: 'group/claim.ts',
        find: 'if (request.order && !(await parentsDone(store, seen.parents, options)))',
        replace: 'if (!request)',
      },
      {
        file: 'group/planner.ts',
        find: 'return !options.order || item.parents.every(parentDone);',
        replace: 'return !options.order || item.parents.every(parentDone) || true;',
      },
    ],
  },
  {
    ...mutant(
      'no parent gating at the claim',
      'group/claim.ts',
      'if (request.order && !(await parentsDone(store, seen.parents, options)))',
      'if (!request)',
    ),
    harmless: 'the planner gives no shard away before its parents are done, and done is for ever',
  },
  mutant(
    'no grant check',
    'group/ownership.ts',
    'return item.owner === slot && item.grant === grant &&',
    'return item.owner === slot && grant !== undefined &&',
  ),
  mutant(
    'refused batch comes again longer',
    'tick/range/readRange.ts',
    'if (at.pending !== undefined) {',
    'if (at.pending === null) {',
  ),
  mutant(
    'cache kept after a refused commit',
    'tick/batches.ts',
    "remember: stopped === 'lost' ? undefined : at,",
    'remember: at,',
  ),
  mutant(
    'cache without age',
    'tick/cache.ts',
    'return consumer.tick - cache.readAtTick < AGE_TICKS_MAX ? cache : undefined;',
    'return AGE_TICKS_MAX > 0 ? cache : undefined;',
  ),
  mutant(
    'cache trusted after a foreign tick',
    'tick/cache.ts',
    'cache.tick === consumer.tick - 1 && cache.generation',
    'cache.generation',
  ),
  mutant(
    'cache trusted under a new plan',
    'tick/cache.ts',
    ' && cache.generation === (consumer.generation ?? 0)\n',
    '\n',
  ),
  mutant(
    'checkpoint before process',
    'tick/batches.ts',
    '  const ended = range.count > 0 ?',
    '  const early = { to: range.to, done: false, lagMs: undefined };\n  const options = { signal: context.budget.requests };\n  if (range.count > 0 && (await commit(context.store, holding, early, options))) {\n    at.cursor = holding.cursor = range.to;\n  }\n  const ended = range.count > 0 ?',
  ),
  mutant(
    'plan lock ignored',
    'group/plan.ts',
    "      { less: 'planUntil', value: now - times.skewMarginMs },\n      { equal: 'planDueAt', value: seen.planDueAt },\n    ],\n  };\n  const state",
    "      { exists: 'generation' },\n    ],\n  };\n  seen.planUntil = 0;\n  const state",
  ),
  {
    name: 'plan read before the lock',
    harmless:
      'the lock is taken only if nobody planned since, and each write only if nobody wrote the item; the next plan does the rest',
    patches: [
      {
        file: 'group/plan.ts',
        find: 'await makePlan(planning, locked.item.generation, listing, options)',
        replace: 'await makePlan(planning, locked.item.generation, listing, options, state)',
      },
      {
        file: 'group/plan.ts',
        find: "  listing: Listing,\n  options: RequestOptions,\n): Promise<Omit<Planned, 'unlisted'>> {\n",
        replace:
          "  listing: Listing,\n  options: RequestOptions,\n  state: GroupState,\n): Promise<Omit<Planned, 'unlisted'>> {\n",
      },
      {
        file: 'group/plan.ts',
        find: '  const state = await store.readAll({ ...options, consistent: true });\n',
        replace: '',
      },
    ],
  },
  mutant(
    'planner write without attribute_exists',
    'group/assign.ts',
    "        { exists: 'heartbeatAt' as const },\n",
    '',
  ),
  mutant(
    'planner write whatever the generation',
    'group/assign.ts',
    "        unchanged<ConsumerItem, 'generation'>('generation', consumer.generation),\n",
    '',
  ),
  mutant(
    'unguarded deletion of a slot',
    'group/plan.ts',
    "        { equal: 'expiresAt', value: expiresAt },\n        { less: 'busyUntil', value: planning.now - planning.times.skewMarginMs },\n",
    "        { exists: 'heartbeatAt' },\n",
  ),
  mutant(
    'removal of a busy slot',
    'group/operations.ts',
    "const condition = { less: 'busyUntil', value: limits.now - limits.skewMarginMs } as const;",
    "const condition = { exists: 'heartbeatAt' } as const;",
  ),
  mutant(
    'more shards than an item holds',
    'group/bounded.ts',
    'const hasRoom = ({ bytesLeft }: Shelf, shard: string): boolean => bytesLeft >= assignedBytes(shard);',
    'const hasRoom = ({ bytesLeft }: Shelf, shard: string): boolean => bytesLeft >= -assignedBytes(shard);',
  ),
  mutant(
    'room that a slot was left with is not filled',
    'group/bounded.ts',
    '    if (taker !== undefined) put(taker, shard, grant);\n',
    '    if (taker === null) put(taker, shard, grant);\n',
  ),
  mutant(
    'end for late shards',
    'group/shards.ts',
    '  if (!group?.initialized || replay !== undefined) return start;\n',
    '  if (group !== null) return start;\n',
  ),
  mutant(
    'start for the children of an unfinished plan',
    'group/shards.ts',
    '      if (continues) known.add(shard.id);\n',
    '',
  ),
  mutant(
    'closing that a broken-off plan tells nobody',
    'group/assign.ts',
    'shards.get(shard)?.closedUnder === generation',
    'shards.get(shard)?.closedUnder === -generation',
  ),
  mutant(
    'given up is done',
    'group/shards.ts',
    '    set: { givenUpAt: now },\n',
    "    set: { state: 'done' },\n",
  ),
  mutant(
    'checkpoint of what was given up forgotten',
    'group/shards.ts',
    "state === 'done' || (!assigns &&",
    "state === 'done' || givenUpAt !== undefined || (!assigns &&",
  ),
  mutant(
    'given up for good',
    'group/shards.ts',
    "    unset: ['missingSince', 'givenUpAt'],\n",
    "    unset: ['missingSince'],\n",
  ),
  mutant(
    'list without an open shard believed',
    'group/listing.ts',
    "if ('error' in list || list.shards.some(({ state }) => state === 'open')) return list;",
    "if ('error' in list || list.shards.length >= 0) return list;",
  ),
  mutant(
    'shards of a stream that was not listed taken for gone',
    'group/listing.ts',
    'covers: (shard) => named.has(streamIn(shard)) && !unlisted.has(streamIn(shard)),',
    'covers: (shard) => named.has(streamIn(shard)),',
  ),
  mutant(
    'shards of a stream that the settings dropped taken for gone',
    'group/listing.ts',
    'covers: (shard) => named.has(streamIn(shard)) && ',
    'covers: (shard) => ',
  ),
  mutant(
    'children of what was given up wait for ever',
    'group/ownership.ts',
    "return state === 'done' || givenUpAt !== undefined;",
    "return state === 'done' || givenUpAt === -1;",
  ),
  mutant(
    'failure of what was given up held against its slot',
    'group/assign.ts',
    'failing: failingSlots(shards)',
    'failing: failingSlots(state.shards)',
  ),
  mutant(
    'start for a stream that was listed late',
    'group/shards.ts',
    "  return start.at === 'end' ? { at: 'time', unixMs: group.createdAt } : start;\n",
    '  return start;\n',
  ),
  mutant(
    'parents deleted before their children',
    'group/operations.ts',
    '({ id, ...item }))).reverse();',
    '({ id, ...item })));',
  ),
  mutant(
    'seek without epoch',
    'group/operations.ts',
    "      add: { epoch: 1 },\n      unset: ['pending', 'step', 'lagMs'],",
    "      unset: ['pending', 'step', 'lagMs'],",
  ),
  mutant(
    'seek of which the owner is not told',
    'group/operations.ts',
    '  if (written.item.owner !== undefined) await coolDown(store, written.item.owner, options);\n  return there;',
    '  return there;',
  ),
  mutant(
    'pause forgotten by the cache',
    'tick/planning.ts',
    'const looksAgain = group.paused || known.group !== undefined;',
    'const looksAgain = known.group !== undefined;',
  ),
  mutant(
    'pause between the first read and the heartbeat',
    'tick/planning.ts',
    'const looksAgain = group.paused || known.group !== undefined;',
    'const looksAgain = group.paused;',
  ),
  mutant(
    'pause of a shard of which the owner is not told',
    'group/operations.ts',
    '  // Whoever claims it after this write reads it with its item.\n  if (written.item.owner !== undefined) await coolDown(store, written.item.owner, options);\n',
    '',
  ),
  mutant(
    'pause of a shard forgotten by its next owner',
    'tick/shard.ts',
    '  ...(paused && { paused }),\n',
    '',
  ),
  mutant(
    'work in a slot that is taken',
    'group/heartbeat.ts',
    'if (consumer?.invocation === nonce) return',
    'if (consumer !== undefined) return',
  ),
  mutant(
    'claim whatever the epoch',
    'group/claim.ts',
    "{ all: [unchanged('owner', seen.owner), { equal: 'epoch', value: seen.epoch }] }",
    "{ exists: 'epoch' }",
  ),
  mutant(
    'work goes on after a refused commit',
    'tick/range/checkpoint.ts',
    "if (!(await observed(context, 'commit', attributes, move))) return 'lost';",
    "await observed(context, 'commit', attributes, move);",
  ),
  mutant(
    'plan before reading',
    'tick/planning.ts',
    '  const working = work();\n',
    '  await planned;\n  const working = work();\n',
  ),
  mutant(
    'no second try of a write',
    'group/settled.ts',
    'if (attempt === ATTEMPTS_MAX) throw unanswered;',
    'if (attempt > 0) throw unanswered;',
  ),
  mutant(
    'group made by an uncorrected clock',
    'tick/tick.ts',
    'joinGroup(store, terms, { now, times }, options)',
    'joinGroup(store, terms, { now: () => clock.now(), times }, options)',
  ),
  mutant(
    'one stream without a list stops every plan',
    'group/plan.ts',
    '  if (!seen.initialized && listing.shards.length === 0)',
    '  if (listing.unlisted.size > 0)',
  ),
  mutant(
    'given up and still held',
    'group/shards.ts',
    '    set: { givenUpAt: now },\n    add: { epoch: 1 },\n',
    '    set: { givenUpAt: now },\n',
  ),
  {
    name: 'requests left behind by the tick',
    patches: [
      { file: 'tick/tick.ts', find: '    budget.end();\n', replace: '' },
      {
        file: 'parallel.ts',
        find: 'await Promise.all(',
        replace: 'if (queue.length > 0) await Promise.race(',
      },
    ],
  },
];
