/** How far a replay has come: one line that is drawn again and again on a terminal, and a line now and then elsewhere. */
import type { ReplayProgress } from '../../lib/operations.ts';
import { about, counted } from '../amounts.ts';
import { cut, plain } from '../text.ts';
import type { World } from '../world.ts';

const CELLS = 20;
const START_OF_LINE = '\r\u001b[2K';
const DRAWN_EVERY_MS = 1_000;
const SAID_EVERY_MS = 10_000;

export interface ProgressBar {
  show(progress: ReplayProgress): void;
  /** A line of its own. */
  say(line: string): void;
  /** Leaves the line free. */
  end(): void;
  [Symbol.dispose](): void;
}

export function drawProgress(
  { columns, out, say, clock }: Pick<World, 'columns' | 'out' | 'say' | 'clock'>,
  isJson: boolean,
): ProgressBar {
  const beganAt = clock.now();
  const isDrawn = columns !== undefined && !isJson;
  const ended = new AbortController();
  let progress: ReplayProgress | undefined;
  let saidAt = Number.NEGATIVE_INFINITY;
  const line = (): string => lineOf(progress, clock.now() - beganAt);
  const draw = (): void => out(START_OF_LINE + cut(line(), columns! - 1));
  const drawAgain = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      draw();
      await clock.sleep(DRAWN_EVERY_MS, ended.signal).catch(() => {});
    }
  };
  if (isDrawn) void drawAgain();
  const bar = {
    show(next: ReplayProgress) {
      progress = next;
      if (isDrawn) draw();
      else if (clock.now() - saidAt >= SAID_EVERY_MS) {
        saidAt = clock.now();
        say(line());
      }
    },
    say(text: string) {
      if (isDrawn) out(START_OF_LINE);
      say(text);
    },
    end() {
      if (isDrawn && !ended.signal.aborted) out(START_OF_LINE);
      ended.abort();
    },
  };
  return { ...bar, [Symbol.dispose]: bar.end };
}

/** Pure. */
export function lineOf(progress: ReplayProgress | undefined, passedMs: number): string {
  if (progress === undefined) return `${cells(0)}   0%  begins, ${about(passedMs)}`;
  const { share, records, shards, error } = progress;
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const seconds = Math.max(1, passedMs / 1_000);
  const parts = [`${counted(records)} records`, `${counted(Math.round(records / seconds))}/s`];
  if (share > 0 && share < 1) parts.push(`${about((passedMs / share) * (1 - share))} left`);
  const failing = shards.find(({ state, failing }) => state === 'open' && failing !== undefined);
  if (failing !== undefined) parts.push(`shard ${failing.shard} fails: ${plain(failing.failing!.message)}`);
  else if (error !== undefined) parts.push(plain(error));
  return `${cells(share)} ${percent}  ${parts.join(', ')}`;
}

const cells = (share: number): string => {
  const full = Math.floor(Math.min(1, share) * CELLS);
  return `[${'█'.repeat(full)}${'░'.repeat(CELLS - full)}]`;
};
