import { type Mutant, mutant } from './mutant.ts';

/** The rules by which a replay has nothing to do with the living group, gives everything, and leaves nothing. */
export const REPLAY_MUTANTS: readonly Mutant[] = [
  mutant('replay under the name of the group', 'replay/replay.ts', '}#replay`;', '}`;'),
  mutant(
    'replay that leaves its items',
    'replay/conduct.ts',
    '  } finally {\n    await removeAll(tools, request.id);\n  }',
    '  } finally {\n  }',
  ),
  mutant('replay that leaves its dead letters', 'replay/clear.ts', '  await dropLetters(options);\n', ''),
  mutant(
    'replay whose slots are made anew by a late run',
    'replay/turn.ts',
    "const condition = { all: [{ exists: 'tick' as never }, write.condition] };",
    'const condition = write.condition;',
  ),
  mutant(
    'replay that says too early that it is done',
    'replay/progress.ts',
    "shards.every(({ state }) => state !== 'open')",
    "shards.some(({ state }) => state !== 'open')",
  ),
  mutant(
    'replay that goes by a slow clock',
    'tick/pull.ts',
    'endAt !== undefined && replay === undefined && now',
    'endAt !== undefined && now',
  ),
];
