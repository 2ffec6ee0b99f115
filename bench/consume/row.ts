/** One row of the table: the same answers for every consumer, in turns, so that whatever the machine does meanwhile falls on all alike. */
import { median } from '../support/report.ts';
import type { PreparedAnswer } from './answers.ts';
import type { Consumer, ConsumerName, Reading } from './consumers.ts';
import { type Cost, run } from './process.ts';

export interface Row {
  readonly name: string;
  readonly kind: 'sls' | 'cls';
  readonly bytes: number;
  readonly records: number;
  /** Medians of the rounds. */
  readonly costs: Partial<Record<ConsumerName, Omit<Cost, 'said'>>>;
  /** Of each round. */
  readonly cpuS: Partial<Record<ConsumerName, number[]>>;
}

export interface RowPlan extends Pick<Reading, 'kind' | 'codec' | 'service' | 'fields'> {
  readonly name: string;
  readonly answers: readonly PreparedAnswer[];
  readonly bytes: number;
  readonly rounds: number;
}

let groups = 0;

/** Throws if a consumer has not read everything, or something else. */
export async function measureRow(
  consumers: ReadonlyMap<ConsumerName, Consumer>,
  { name, answers, bytes, rounds, ...plan }: RowPlan,
): Promise<Row> {
  const pulls = Math.ceil(bytes / (sumOf(answers, 'rawBytes') / answers.length));
  const read = Array.from({ length: pulls }, (_, pull) => answers[pull % answers.length]!);
  const total = { records: sumOf(read, 'records'), characters: sumOf(read, 'characters') };
  const rawBytes = sumOf(read, 'rawBytes');
  const costs = new Map<ConsumerName, Cost[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [consumer, programOf] of consumers) {
      const group = `bench-${groups++}`;
      const program = programOf({ ...plan, records: total.records, pulls, group });
      if (program === undefined) continue;
      const cost = await run(program, (onFirstPull) =>
        plan.service.serve({ answers, compression: plan.codec, pulls, onFirstPull }),
      );
      check(consumer, cost.said, total, rawBytes);
      costs.set(consumer, [...(costs.get(consumer) ?? []), cost]);
      console.log(
        `${name}: ${consumer.padEnd(17)} ${cost.cpuS.toFixed(2)} s CPU, ${cost.wallS.toFixed(2)} s`,
      );
    }
  }
  return {
    ...{ name, kind: plan.kind, bytes: rawBytes, records: total.records },
    costs: Object.fromEntries([...costs].map(([consumer, all]) => [consumer, medianOf(all)])),
    cpuS: Object.fromEntries([...costs].map(([consumer, all]) => [consumer, all.map(({ cpuS }) => cpuS)])),
  };
}

/** Go counts bytes of UTF-8 where the others count characters. */
function check(
  consumer: ConsumerName,
  said: Cost['said'],
  { records, characters }: { records: number; characters: number },
  bytes: number,
): void {
  const isAll =
    said.bytes === undefined
      ? said.records === records && (said.characters === characters || consumer === 'Go')
      : said.bytes === bytes;
  if (!isAll) {
    throw new Error(
      `${consumer} read ${JSON.stringify(said)}, and not ${JSON.stringify({ records, characters, bytes })}`,
    );
  }
}

const medianOf = (costs: readonly Cost[]): Omit<Cost, 'said'> => ({
  cpuS: median(costs.map(({ cpuS }) => cpuS)),
  wallS: median(costs.map(({ wallS }) => wallS)),
  memoryMiB: median(costs.map(({ memoryMiB }) => memoryMiB)),
});

const sumOf = <Name extends string>(items: readonly Readonly<Record<Name, number>>[], name: Name): number =>
  items.reduce((sum, item) => sum + item[name], 0);
