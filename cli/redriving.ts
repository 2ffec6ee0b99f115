/** How dead letters are given to the user's function once more, whoever asks for it. */
import type { RedriveResult } from '../lib/operations.ts';

/** A function ends before its deadline, and says so: it is asked again as long as it gets on. */
export async function untilAllTried(
  step: (lettersMax: number | undefined) => Promise<RedriveResult>,
  lettersMax: number | undefined,
  tell: (soFar: RedriveResult) => void,
): Promise<RedriveResult> {
  let sum = await step(lettersMax);
  let last = sum;
  while (last.stopped === 'timeUp' && last.redriven > 0) {
    const left = lettersMax === undefined ? undefined : lettersMax - sum.redriven - sum.failed;
    if (left !== undefined && left <= 0) break;
    tell(sum);
    last = await step(left);
    const { found, redriven, failed, skipped } = sum;
    sum = {
      ...last,
      found: found + last.found,
      redriven: redriven + last.redriven,
      failed: failed + last.failed,
      skipped: skipped + last.skipped,
    };
  }
  return sum;
}
