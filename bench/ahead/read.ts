/** One tick that reads a backlog, in a process of its own: prints how long it took. Run by ../ahead.ts. */
import { applyMutant } from '../../test/simulation/patch.ts';

const [, , parallel = '', how = ''] = process.argv;
const SHARDS = 16;
const BATCHES = 12;
const PULL_MS = 50;
const USER_MS = 50;

// The code has no switch for it.
if (how === 'not ahead') {
  applyMutant({
    name: how,
    patches: [
      {
        file: 'tick/batches.ts',
        find: '  if (isMoreWanted(work, endCursor)) pullAhead(reading, range.to);\n',
        replace: '',
      },
    ],
  });
}
const { readBacklog } = await import('./tick.ts');
const wallMs = await readBacklog({
  parallel: Number(parallel),
  shards: SHARDS,
  batches: BATCHES,
  pullMs: PULL_MS,
  userMs: USER_MS,
});
process.stdout.write(`${wallMs}\n`);
