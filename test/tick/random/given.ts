import type { Delivered } from '../../../lib/delivery/delivered.ts';
import type { Batch } from '../../../lib/delivery/userModule.ts';
import type { Entry, Ledger, Run, Try } from './ledger.ts';

/** What is given to the user's function, in which order and under which name, and what comes of it. */
export interface Given {
  /** How many batches there were. */
  readonly batches: number;
  begun(run: Run, batch: Batch): Delivery;
  answered(delivery: Delivery, delivered: Delivered): void;
  /** Whatever it was given and had not answered for: nobody knows. */
  died(run: Run): void;
  readonly deaths: number;
  /** Whether something has succeeded since then that may prove that a record is to blame. */
  hasSucceededSince(moment: number, slots: readonly string[], shard: string): boolean;
}

export interface Delivery {
  readonly run: Run;
  readonly batch: Batch;
  readonly entries: readonly Entry[];
  readonly tries: readonly Try[];
  readonly begunAt: number;
}

export interface GivenRules {
  attemptsMax: number;
  ageMaxMs: number | undefined;
  functionTimeoutMs: number;
  /** A batch comes again as it was, whatever came in between. */
  isDurable: boolean;
  now(): number;
}

export function createGiven(ledger: Ledger, rules: GivenRules): Given {
  const named = new Map<string, readonly string[]>();
  const open = new Set<Delivery>();
  const successOf = new Map<string, number>();
  let batches = 0;
  let deaths = 0;

  /** Those of a shard from one on, without a gap; everything before them is finished, and none of them. */
  const checkOrder = (shard: string, entries: readonly Entry[]): void => {
    const say = (what: string): void =>
      ledger.fail(`process got ${contentsOf(entries)} of ${shard}: ${what}`);
    const [first] = entries;
    const isOfShard = ({ shard: its, index }: Entry, at: number): boolean =>
      its === shard && index === first!.index + at;
    if (first === undefined || !entries.every(isOfShard)) {
      say('nothing, or out of order');
      return;
    }
    if (ledger.isUnordered(shard)) return;
    const before = ledger.of(shard).slice(0, first.index);
    const behind = before.findIndex((entry) => !ledger.isFinished(entry));
    if (behind >= 0 && !isProbe(before.slice(behind), entries)) say(`before ${before[behind]!.content}`);
    for (const entry of entries) checkAgain(entry, say);
  };

  /** The one record right behind others of which each has failed as often as is allowed. */
  const isProbe = (block: readonly Entry[], entries: readonly Entry[]): boolean =>
    entries.length === 1 &&
    block.every((entry) => ledger.isFinished(entry) || entry.tries.length + deaths >= rules.attemptsMax);

  const checkAgain = (
    { content, shard, processed, letter, wantedFrom }: Entry,
    say: (what: string) => void,
  ): void => {
    const since = Math.max(wantedFrom, ledger.takenOverAt(shard));
    if (processed && processed.at >= since && !processed.run.died) say(`${content} was processed`);
    if (letter && letter.at >= since) say(`${content} is a dead letter`);
  };

  /** The same id means the same records; and what was given and is not finished comes again under the same range. */
  const checkName = ({ id, shard }: Batch, range: string, entries: readonly Entry[]): void => {
    const contents = contentsOf(entries);
    const before = named.get(id) ?? contents;
    named.set(id, before);
    const isTrimmed = ledger.of(shard).some(({ expired }) => expired);
    const isSame = before.length === contents.length || isTrimmed;
    if (!isSame || contents.some((content) => !before.includes(content))) {
      ledger.fail(`${id} is ${contents}, and was ${before}`);
    }
    if (isTrimmed || ledger.isUnordered(shard)) return;
    for (const { content, tries } of entries) {
      const last = tries.at(-1);
      if (last === undefined || last.isDone || last.range === range) continue;
      if (last.begunAt < ledger.takenOverAt(shard) || (last.run.died && !rules.isDurable)) continue;
      ledger.fail(`${content} comes as ${id}, and was given as ${last.id}`);
    }
  };

  const checkAge = ({ id }: Batch, [first]: readonly Entry[]): void => {
    const { ageMaxMs = Number.POSITIVE_INFINITY, functionTimeoutMs, now } = rules;
    const ageMs = now() - (first?.putAt ?? 0);
    if (ageMs > ageMaxMs + functionTimeoutMs) ledger.fail(`${id} is given, ${ageMs} ms old`);
  };

  const failed = (entry: Entry, at: number): void => {
    entry.firstFailedAt ??= at;
  };

  return {
    begun(run, batch) {
      batches++;
      const begunAt = ledger.next();
      const { id, shard, from, to } = batch;
      const entries = Array.from(batch.records, (record) => ledger.entry(record.get('content')!));
      const range = `${from}-${to}`;
      checkOrder(shard, entries);
      checkName(batch, range, entries);
      checkAge(batch, entries);
      const tries = entries.map((entry) => {
        const fresh: Try = { run, id, range, begunAt, isDone: undefined };
        entry.tries.push(fresh);
        return fresh;
      });
      const delivery = { run, batch, entries, tries, begunAt };
      open.add(delivery);
      return delivery;
    },
    answered(delivery, delivered) {
      const { run, batch, entries, tries } = delivery;
      const at = ledger.next();
      const named = 'done' in delivered ? delivered.done : 0;
      const done = delivered.how === 'succeeded' ? entries.length : named;
      open.delete(delivery);
      entries.forEach((entry, place) => {
        tries[place]!.isDone = place < done;
        if (place < done) entry.processed = { run, at };
        else failed(entry, at);
      });
      if (done === 0) return;
      for (const whose of [`slot ${run.slot}`, `shard ${batch.shard}`]) successOf.set(whose, at);
    },
    died(run) {
      deaths++;
      run.died = true;
      const at = ledger.next();
      // As far as anybody knows, it may have been given those.
      for (const [shard, count] of run.noted) {
        const unfinished = ledger.of(shard).filter((entry) => !ledger.isFinished(entry));
        for (const entry of unfinished.slice(0, count)) failed(entry, at);
      }
      for (const delivery of open) {
        if (delivery.run !== run) continue;
        open.delete(delivery);
        for (const entry of delivery.entries) failed(entry, delivery.begunAt);
      }
    },
    hasSucceededSince: (moment, slots, shard) =>
      [...slots.map((slot) => `slot ${slot}`), `shard ${shard}`].some(
        (whose) => (successOf.get(whose) ?? 0) > moment,
      ),
    get batches() {
      return batches;
    },
    get deaths() {
      return deaths;
    },
  };
}

const contentsOf = (entries: readonly Entry[]): string[] => entries.map(({ content }) => content);
