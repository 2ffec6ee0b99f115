import { type Mutant, mutant } from '../../simulation/mutant.ts';
import { findMutant } from '../../simulation/patch.ts';

/** Of the simulation's, those that a group of the service tells in ways of its own. */
const SHARED = [
  'position within the batch forgotten',
  'range read to another end',
  'given up without evidence',
  'evidence of any time',
];

/** The rules of groups that the log service keeps, and of delivery in them, each left out once. */
export const SERVICE_MUTANTS: readonly Mutant[] = [
  mutant(
    'service told of what is not finished',
    'tick/coordination/serviceProgress.ts',
    '[{ shard, ...remember }]',
    '[{ shard, ...remember, cursor: remember.pending?.to ?? remember.cursor }]',
  ),
  mutant(
    'handed over with what is not finished',
    'tick/coordination/serviceAssignment.ts',
    'return [{ shard, cursor, epoch, step, sought }];',
    'return [{ shard, cursor: item.pending?.to ?? cursor, epoch, step, sought }];',
  ),
  mutant(
    'handed over before the service has the checkpoint',
    'tick/coordination/serviceAssignment.ts',
    'for (const shard of shards.filter((shard) => !isPublished(known.get(shard)))) {',
    'for (const shard of shards.filter((shard) => !isPublished(known.get(shard)) && shard === null)) {',
  ),
  mutant(
    'what is pending forgotten once the service has the checkpoint',
    'tick/coordination/serviceProgress.ts',
    'return { result, remember: { ...remember, published: markOf(remember) } };',
    'return { result, remember: { ...remember, pending: undefined, published: markOf(remember) } };',
  ),
  mutant(
    'what is pending forgotten when the checkpoints agree',
    'tick/coordination/serviceProgress.ts',
    'if (to === undefined || (await isEmptyAt(context, shard, to))) return at;',
    'if (to === undefined || (await isEmptyAt(context, shard, to))) return { ...at, pending: undefined };',
  ),
  mutant(
    'checkpoint of others not looked at',
    'tick/coordination/serviceCheckpoints.ts',
    '(source.distance?.(cursor, theirs) ?? 0) > 0 ? theirs',
    '(source.distance?.(cursor, theirs) ?? 0) > 1e9 ? theirs',
  ),
  mutant(
    'checkpoint of others taken over whatever it is',
    'tick/coordination/serviceCheckpoints.ts',
    '(source.distance?.(cursor, theirs) ?? 0) > 0 ? theirs',
    '(source.distance?.(cursor, theirs) ?? 0) !== 0 ? theirs',
  ),
  mutant(
    'what was sought not told to the service',
    'tick/coordination/serviceProgress.ts',
    'return read.sought ? publishSought(checkpoints, read)',
    'return read.sought === null ? publishSought(checkpoints, read)',
  ),
  mutant(
    'dead letter after the checkpoint',
    'tick/range/bury.ts',
    '  const kept = await context.deadLetters.put(letters, { signal: budget.requests });\n',
    "  let kept = 'kept';\n  context.deadLetters.put(letters, { signal: budget.requests }).catch(() => {});\n",
  ),
  mutant(
    'given up after one attempt less',
    'delivery/attempt.ts',
    'const isExhausted = attempts >= rules.attemptsMax;',
    'const isExhausted = attempts >= rules.attemptsMax - 1;',
  ),
  mutant(
    'key not waited for',
    'delivery/eachRecord.ts',
    'key: parallelMax > 1 ? key : undefined,',
    'key: undefined,',
  ),
  ...SHARED.map((name) => findMutant(name)),
];
