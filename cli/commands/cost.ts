import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Values } from '../../lib/commandLine/command.ts';
import { wholeNumber } from '../../lib/commandLine/parse.ts';
import { parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import { messageOf } from '../../lib/observe/plainError.ts';
import { deriveTimes } from '../../lib/times.ts';
import { defineCommand } from '../command.ts';
import { billOf } from '../cost/bill.ts';
import { type Measured, readMeasured } from '../cost/measured.ts';
import { type Architecture, type LogService, pricesOf, withPrices } from '../cost/prices.ts';
import { COMPRESSED, type GroupFacts } from '../cost/usage.ts';
import { formatBill } from '../cost/view.ts';

const OPTIONS = {
  source: {
    type: 'string',
    value: 'NAME',
    choices: ['sls', 'cls'],
    default: 'sls',
    help: 'which log service: sls or cls (sls)',
  },
  shards: { type: 'string', value: 'N', default: '4', help: 'how many shards it reads (4)' },
  slots: { type: 'string', value: 'N', default: '1', help: 'how many slots it has (1)' },
  interval: { type: 'string', value: 'D', default: '1m', help: 'how often each of them ticks (1m)' },
  memory: { type: 'string', value: 'MB', help: 'of the function (512, or as measured)' },
  architecture: {
    type: 'string',
    value: 'NAME',
    choices: ['arm64', 'x86_64'],
    default: 'arm64',
    help: 'of the function: arm64 or x86_64 (arm64)',
  },
  'tick-ms': { type: 'string', value: 'MS', help: 'how long a tick takes, as Lambda bills it' },
  'gb-per-day': { type: 'string', value: 'GB', help: 'what is written to the stream, not compressed' },
  compressed: {
    type: 'string',
    value: 'SHARE',
    help: 'how much of it is transferred when it is compressed (SLS: 0.2; CLS: 0.5)',
  },
  passes: { type: 'string', value: 'SHARE', help: 'how much of it a filter of the service lets through' },
  measured: {
    type: 'string',
    value: 'FILE',
    help: 'what was measured: the output of shardbeat local --json, or the log of a deployed function',
  },
  price: {
    type: 'string',
    multiple: true,
    value: 'NAME=USD',
    help: 'a price that you know better: its name is in the table',
  },
  free: {
    type: 'boolean',
    default: false,
    help: 'leave out what AWS gives each account each month, as if nothing else used it',
  },
  json: { type: 'boolean', default: false, help: 'as JSON, for programs' },
} as const;

export const cost = defineCommand({
  name: 'cost',
  summary: 'says what a group costs in a month, with formula, price and date of each part',
  about: `Asks nobody: it reckons with what you give, with what was measured, and with prices that others have published, mostly of us-east-1. What is not known stands as that, and the total is then a least one. Not in it: the log of the function, storage, a NAT gateway, and what your own code calls.`,
  options: OPTIONS,
  examples: [
    ['npx shardbeat cost --shards 10 --slots 2 --tick-ms 800 --gb-per-day 50', 'of a group that is planned'],
    [
      'npx shardbeat cost --measured function.log --slots 2 --shards 10',
      'with the units, the time and the bytes that its log tells',
    ],
    ['npx shardbeat cost --gb-per-day 50 --passes 0.1 --price egress=0.12', 'what a filter would save'],
  ],
  run: async ({ options }, world) => {
    const measured =
      options.measured === undefined ? undefined : await measuredIn(options.measured, world.directory);
    const facts = factsOf(options, measured);
    const prices = withPrices(
      pricesOf(facts.service, options.architecture as Architecture),
      options.price ?? [],
    );
    const bill = billOf(facts, prices, options);
    world.out(
      options.json
        ? `${JSON.stringify({ facts, ...bill })}\n`
        : formatBill(bill, facts, options.free, world.columns),
    );
    return 0;
  },
});

async function measuredIn(file: string, directory: string): Promise<Measured> {
  const text = await readFile(resolve(directory, file), 'utf8').catch((error: unknown) => {
    throw new SettingsError('--measured', file, `it cannot be read: ${messageOf(error)}`);
  });
  return readMeasured(text, file);
}

/** What is given goes before what was measured. */
function factsOf(options: Values<typeof OPTIONS>, measured: Measured | undefined): GroupFacts {
  const service: LogService = options.source;
  const intervalMs = parseDuration('--interval', options.interval);
  deriveTimes(intervalMs, {}, { interval: '--interval' });
  const { memory, passes, compressed } = options;
  const gbOfDay = optional('--gb-per-day', options['gb-per-day'], 1_000_000);
  return {
    service,
    slots: wholeNumber('--slots', options.slots, 1, 400),
    shards: wholeNumber('--shards', options.shards, 1, 100_000),
    intervalMs,
    memoryMb:
      memory === undefined ? (measured?.memoryMb ?? 512) : wholeNumber('--memory', memory, 128, 10_240),
    tickMs: optional('--tick-ms', options['tick-ms'], 900_000) ?? measured?.tickMs,
    bytesOfDay: gbOfDay === undefined ? measured?.bytesOfDay : gbOfDay * 10 ** 9,
    compressed: optional('--compressed', compressed, 1) ?? measured?.compressed ?? COMPRESSED[service],
    passes: optional('--passes', passes, 1),
    units: measured?.units,
    requests: measured?.requests,
  };
}

function optional(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text) && value <= most) return value;
  throw new SettingsError(option, text, `write a number from 0 to ${most}`);
}
