import { type Mutant, mutant } from './mutant.ts';

/** Of what the user's function returns to be written. */
export const WRITES_MUTANTS: readonly Mutant[] = [
  mutant(
    'writes before the checkpoint, as a request of their own',
    'group/commit.ts',
    '  const written = await store.update(shardKey(holding.shard), fenced, options);\n',
    `  const { along: ahead, ...bare } = fenced as Write<ShardItem>;
  if (ahead !== undefined) {
    const request = { along: ahead, condition: { exists: 'epoch' } } as const;
    await store.update(shardKey(holding.shard), request, options);
  }
  const written = await store.update(shardKey(holding.shard), bare, options);
`,
  ),
  mutant(
    'writes without the fence',
    'group/commit.ts',
    'condition: held(holding) };',
    "condition: along?.length ? ({ exists: 'epoch' } as const) : held(holding) };",
  ),
  mutant(
    'writes left out of a repeat',
    'group/settled.ts',
    '      const { answer, repeated } = await answered(runtime, options, () => store.update(key, write, options));\n',
    `      let sent = 0;
      const { answer, repeated } = await answered(runtime, options, () => {
        if (sent++ > 0) delete write.along;
        return store.update(key, write, options);
      });
`,
  ),
  mutant(
    'writes of the record behind a block forgotten',
    'tick/range/block.ts',
    '...(resume && { resume }) }), along);',
    '...(resume && { resume }) }), along && undefined);',
  ),
];
