/** `npm run chaos`: the whole thing with real processes that are killed, and the account of what came out of it. */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { parseDuration } from '../../lib/duration.ts';
import { systemClock as clock } from '../../lib/runtime.ts';
import { SOURCES } from '../../local/run/services/service.ts';
import { formatResult } from './result.ts';
import { runChaos } from './run.ts';

const HELP = `npm run chaos -- [--source sls|cls] [--rounds 50] [--seed S] [--interval 750ms] [--linger] [--json]

Kills, starts and removes consumers and splits and merges shards at random while records go in, on a platform and over connections that
fail as those of npm start -- --chaos do, though less often, then reads everything up
and checks that nothing was lost, that the records of every key came in order, and that every repeat is explained by a
kill. With --linger, every other consumer lingers: on a machine that is busy, give it an interval of 2s. The seed decides what happens and when. Exit code: 0 all is well, 1 it is not, 2 an option cannot be used.
`;

const OPTIONS = {
  source: { type: 'string', default: 'sls' },
  rounds: { type: 'string', default: '50' },
  seed: { type: 'string' },
  interval: { type: 'string', default: '750ms' },
  linger: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Intervals are short here, and sandboxes that start take a good part of one. */
const FAULTS_SHARE = 0.1;

async function main(): Promise<number> {
  const values = read();
  if (values === undefined) return 2;
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  const result = await runChaos({
    source: values.source,
    rounds: values.rounds,
    seed: values.seed ?? randomUUID().slice(0, 8),
    intervalMs: values.intervalMs,
    lingers: values.linger,
    faultsShare: FAULTS_SHARE,
    clock,
    signal: stop.signal,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  (values.json ? process.stderr : process.stdout).write(`\n${formatResult(result)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.ok ? 0 : 1;
}

/** undefined: an option cannot be used, and stderr says why. */
function read() {
  try {
    const {
      source: name,
      rounds,
      interval,
      ...values
    } = parseArgs({ options: OPTIONS, strict: true }).values;
    const source = SOURCES.find((known) => known === name);
    if (source === undefined) throw new Error(`--source ${name}: the sources are ${SOURCES.join(', ')}`);
    if (!/^[1-9]\d{0,5}$/.test(rounds)) throw new Error(`--rounds ${rounds}: write a whole number from 1`);
    return { ...values, source, rounds: Number(rounds), intervalMs: parseDuration('--interval', interval) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

process.exitCode = await main();
