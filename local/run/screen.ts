import type { WriteStream } from 'node:tty';
import { createLogUpdate } from 'log-update';
import { renderLine, renderLive, type View } from './view.ts';

/** Where a run shows a person what happens. */
export interface Screen {
  /** A line that stays. */
  say(text: string): void;
  /** What is so now; on a terminal it replaces what was so before. */
  show(view: View): void;
  /** Nothing is shown any more. */
  close(): void;
}

/** Shorter than that a log of progress tells nothing new. */
const LINE_INTERVAL_MS = 2_000;

/** A live region on a terminal; plain lines, with the time since the start, on anything else. */
export function createScreen(stream: NodeJS.WriteStream, nowMs: () => number): Screen {
  const live = stream.isTTY && process.env.TERM !== 'dumb';
  return live ? createLiveScreen(stream) : createLineScreen(stream, nowMs);
}

function createLiveScreen(stream: WriteStream): Screen {
  const update = createLogUpdate(stream);
  let latest = '';
  return {
    say: (text) => {
      update.clear();
      stream.write(`${text}\n`);
      update(latest);
    },
    show: (view) => {
      const text = renderLive(view);
      if (text === latest) return;
      latest = text;
      update(latest);
    },
    close: () => {
      update.clear();
      update.done();
    },
  };
}

function createLineScreen(stream: NodeJS.WriteStream, nowMs: () => number): Screen {
  const startedAtMs = nowMs();
  let shownAtMs = startedAtMs;
  let shownRecords = '';
  const say = (text: string): void => {
    const seconds = ((nowMs() - startedAtMs) / 1_000).toFixed(1).padStart(6);
    stream.write(`${seconds}s  ${text}\n`);
  };
  return {
    say,
    show: (view) => {
      const { distinct, deadLetters } = view.totals;
      const records = `${distinct} ${deadLetters}`;
      if (records === shownRecords || nowMs() - shownAtMs < LINE_INTERVAL_MS) return;
      shownAtMs = nowMs();
      shownRecords = records;
      say(renderLine(view));
    },
    close: () => {},
  };
}
