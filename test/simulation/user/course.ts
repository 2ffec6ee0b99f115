import type { Dice } from '../../../local/faults/dice.ts';
import type { FaultName } from '../faults.ts';
import type { Habits, PoisonKind } from './habits.ts';
import type { Poisons } from './poison.ts';
import type { Sink } from './sink.ts';

/** What may happen in the user's function, whatever it is given. */
type ProcessFault = Extract<FaultName, `process${string}`>;

/** What a call of the user's function depends on. */
export interface Circumstances {
  readonly faults: { happens(name: ProcessFault): boolean; dice(name: ProcessFault): Dice };
  /** How long a call takes. */
  readonly latency: Dice;
  readonly scenario: { readonly processMsMax: number; readonly habits: Habits };
  readonly settings: { readonly times: { readonly functionTimeoutMs: number } };
  readonly poisons: Pick<Poisons, 'of'>;
  readonly sink: Pick<Sink, 'trouble'>;
}

/** What one call of the user's function comes to. */
export interface Course {
  ends: 'succeeds' | PoisonKind;
  /** The record at which it ends; their number, if it succeeds. */
  at: number;
  /** So long it takes until then. */
  afterMs: number;
  /** It does not listen to its signal. */
  ignores: boolean;
}

/** Draws it: whatever comes first, of the records or of the world. */
export function courseOf(
  { faults, latency, scenario, settings, poisons, sink }: Circumstances,
  shard: string,
  positions: readonly number[],
): Course {
  const count = positions.length;
  const course: Course = {
    ends: 'succeeds',
    at: count,
    afterMs: 0,
    ignores: faults.happens('processIgnores'),
  };
  const meets = (ends: PoisonKind, at: number): void => {
    if (at < course.at) Object.assign(course, { ends, at });
  };
  const slow = faults.happens('processSlow');
  const usualMs = latency.between(0, scenario.processMsMax);
  const slowMs = settings.times.functionTimeoutMs * 1.5 * faults.dice('processSlow').next();
  const anywhere = (name: 'processThrows' | 'processNames' | 'processDies'): number =>
    faults.dice(name).between(0, count - 1);
  if (faults.happens('processThrows')) meets('throws', anywhere('processThrows'));
  if (faults.happens('processNames')) meets('names', anywhere('processNames'));
  if (faults.happens('processDies')) {
    meets(faults.dice('processDies').pick(['exits', 'exits', 'loops'] as const), anywhere('processDies'));
  }
  const trouble = sink.trouble();
  if (trouble !== undefined) meets(trouble, 0);
  positions.forEach((position, at) => {
    const poison = poisons.of(shard, position);
    if (poison !== undefined) meets(poison, at);
  });
  const reached = Math.min(count, course.at + 1);
  course.afterMs = (slow ? slowMs : usualMs) + reached * scenario.habits.msPerRecord;
  return course;
}
