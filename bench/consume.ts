/**
 * What it costs to consume: CPU seconds of the consumer's process alone, for so many bytes of raw log groups of which two fields are read.
 * Ours as it is deployed, the official consumers for Python, Go and Java, and what cannot be less: bare Node that downloads and
 * decompresses. All of them read the same answers over HTTP, in turns; a round is one run of each.
 *
 *   npm run bench consume [-- --quick] [--check] [--json]
 */
import { wholeNumber } from '../lib/commandLine/parse.ts';
import { prepareCls, prepareSls } from './consume/answers.ts';
import { type ConsumerName, createConsumers } from './consume/consumers.ts';
import { dataSets } from './consume/data.ts';
import { measureRow, type Row } from './consume/row.ts';
import { LOGSET, startBenchCls, startBenchSls, TOPIC } from './consume/service.ts';
import { type Bar, bench, ROUNDS, rounded, roundsOf } from './support/report.ts';

const OPTIONS = {
  megabytes: {
    type: 'string',
    value: 'N',
    default: '512',
    help: 'raw log groups to read of each row; 512 unless set',
  },
  quick: { type: 'boolean', default: false, help: 'one round of 64 MB' },
  rounds: { ...ROUNDS, default: '5', help: 'how often each row is measured; 5 unless set' },
  rows: { type: 'string', value: 'TEXT', default: '', help: 'only rows whose name holds this, such as lz4' },
  log: {
    type: 'string',
    value: 'FILE',
    help: 'an access log in the combined format; one is made up unless set',
  },
  only: { type: 'string', value: 'NAMES', default: '', help: 'only these consumers, such as ours,limit' },
} as const;

/** Of what SLS rows read, CLS reads so much: its answers are JSON of base64, and Python takes long for them. */
const CLS_SHARE = 160 / 512;
const QUICK_MB = 64;
const OFFICIAL = ['Python', 'Go', 'Java'] as const;

function show(rows: readonly Row[]): void {
  const names = ['ours', ...OFFICIAL, 'limit', 'limit, native lz4'] as const;
  console.log('\nCPU seconds, medians');
  console.table(
    rows.map(({ name, costs }) => ({
      row: name,
      ...Object.fromEntries(names.map((consumer) => [consumer, cpuOf(costs, consumer) ?? '–'])),
      'ours ÷ best peer': ratio(costs, bestPeer(costs)) ?? '–',
      'ours ÷ limit': ratio(costs, cpuOf(costs, 'limit')) ?? '–',
    })),
  );
  console.log('Memory in MiB, the most at a time, medians');
  console.table(
    rows.map(({ name, costs }) => ({
      row: name,
      ...Object.fromEntries(names.map((consumer) => [consumer, costs[consumer]?.memoryMiB ?? '–'])),
    })),
  );
}

function barsOf({ name, kind, costs }: Row): Bar[] {
  const best = { name: `${name}: of the best official consumer`, value: ratio(costs, bestPeer(costs)) };
  const least = { name: `${name}: of the limit`, value: ratio(costs, cpuOf(costs, 'limit')) };
  const common = { unit: '×', direction: 'at most' } as const;
  return kind === 'cls'
    ? [{ ...common, ...best, limit: 0.2 }]
    : [
        { ...common, ...best, limit: 1 },
        { ...common, ...least, limit: 2 },
      ];
}

const cpuOf = (costs: Row['costs'], name: ConsumerName): number | undefined => {
  const cost = costs[name];
  return cost && rounded(cost.cpuS);
};

function bestPeer(costs: Row['costs']): number | undefined {
  const all = OFFICIAL.flatMap((name) => costs[name]?.cpuS ?? []);
  return all.length === 0 ? undefined : Math.min(...all);
}

const ratio = ({ ours }: Row['costs'], other: number | undefined): number | undefined =>
  ours === undefined || other === undefined ? undefined : rounded(ours.cpuS / other);

process.exitCode = await bench(
  {
    name: 'consume',
    summary:
      'CPU seconds of consumers for the same records: ours, the official ones, and the least there can be',
    options: OPTIONS,
  },
  async ({ megabytes, quick, rounds, rows: wanted = '', only = '', log }) => {
    const bytes = (quick ? QUICK_MB : wholeNumber('--megabytes', megabytes, 1, 100_000)) * 2 ** 20;
    const { consumers, versions, missing, close } = await createConsumers();
    for (const name of missing) console.log(`skipped: ${name} is not installed`);
    const asked = new Map([...consumers].filter(([name]) => only === '' || only.split(',').includes(name)));
    const sls = await startBenchSls();
    const cls = await startBenchCls();
    console.log(
      `${log ?? 'an access log that is made up'}; ${bytes / 1024 / 1024} MB, CLS ${(bytes * CLS_SHARE) / 1024 / 1024} MB`,
    );
    const sets = await dataSets(log);
    const plans = [
      ...sets.flatMap((data) =>
        (['lz4', 'zstd'] as const).map((codec) => ({ data, codec, service: sls, kind: 'sls' as const })),
      ),
      { data: sets[0]!, codec: 'snappy' as const, service: cls, kind: 'cls' as const },
    ];
    const rows: Row[] = [];
    for (const { data, codec, service, kind } of plans) {
      const name = `${kind.toUpperCase()}, ${data.name}, ${codec}`;
      if (!name.includes(wanted)) continue;
      const answers =
        codec === 'snappy' ? prepareCls(data, { logsetId: LOGSET, topicId: TOPIC }) : prepareSls(data, codec);
      const row = await measureRow(asked, {
        ...{ name, kind, codec, service, answers, fields: data.fields },
        bytes: kind === 'cls' ? bytes * CLS_SHARE : bytes,
        rounds: quick ? 1 : roundsOf({ rounds }),
      });
      rows.push(row);
    }
    await Promise.all([sls.close(), cls.close(), close()]);
    show(rows);
    return { figures: { versions, missing, rows }, bars: rows.flatMap(barsOf) };
  },
);
