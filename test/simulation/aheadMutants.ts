import { type Mutant, mutant } from './mutant.ts';

/** The rules by which a pull goes ahead of the checkpoint, and what is in memory meanwhile. */
export const AHEAD_MUTANTS: readonly Mutant[] = [
  mutant(
    'what was pulled ahead committed before its turn',
    'tick/batches.ts',
    '  if (isMoreWanted(work, endCursor)) pullAhead(reading, range.to);\n',
    `  if (isMoreWanted(work, endCursor)) pullAhead(reading, range.to);
  const early = await reading.ahead?.answer.catch(() => undefined);
  if (typeof early === 'object') range.to = early.nextCursor;
`,
  ),
  mutant(
    'what was pulled ahead kept after a failure',
    'tick/range/rangeWork.ts',
    "  if (outcome.how !== 'succeeded' && outcome.how !== 'tooMany') work.dropAhead();\n",
    '',
  ),
  mutant(
    'what was pulled ahead of a lost shard given',
    'tick/batches.ts',
    "  if (ended !== 'finished') return ended;\n",
    "  if (ended !== 'finished') {\n    if (ended !== 'lost' || reading.ahead === undefined) return ended;\n    at.cursor = range.to;\n  }\n",
  ),
  mutant(
    'an answer given back after the first part of it',
    'tick/range/parts.ts',
    '  if (part.last < range.count) return noted(',
    '  range.release();\n  if (part.last < range.count) return noted(',
  ),
  mutant(
    'room of what was pulled ahead never free again',
    'tick/ahead.ts',
    '  reading.ahead?.room.free();\n',
    '',
  ),
  mutant(
    'room of what is in hand never free again',
    'tick/bytes.ts',
    'for (const room of freed) room.free();',
    'if (freed.length > 1) for (const room of freed) room.free();',
  ),
  mutant(
    'who has something waits for who has more',
    'tick/bytes.ts',
    'while (waiting.length > 0 && (fits() || isStuck())) {',
    'while (waiting.length > 0 && fits()) {',
  ),
];
