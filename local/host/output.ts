import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createLineSplitter, type LogEvent, parseLogEvent } from './outputLines.ts';

export interface OutputListener {
  /** A line the function printed that is a log event. */
  onEvent?: (event: LogEvent) => void;
  /** Any other line it printed; of what a call writes to stderr the beginning. */
  onOutput?: (line: string) => void;
}

/** What a process prints, as it comes. */
export interface Output {
  /** Another call begins. */
  begin(): void;
  /** What Node said when it ended by itself, if it did. */
  fatalError(): string | undefined;
  /** Resolves when the process is gone and its output was taken in. */
  drained: Promise<unknown>;
}

const WORDS_LENGTH_MAX = 500;
/** Of what Node writes when it ends by itself. */
const FATAL = /^FATAL ERROR: (.+)$/;

export function takeOutput(child: ChildProcess, { onEvent, onOutput }: OutputListener): Output {
  let fatalError: string | undefined;
  const onLine = (line: string): void => {
    const event = parseLogEvent(line);
    if (event === undefined) onOutput?.(line);
    else onEvent?.(event);
  };
  const complaints = limitLines(onLine);
  const onComplaint = (line: string): void => {
    fatalError = FATAL.exec(line)?.[1]?.slice(0, WORDS_LENGTH_MAX) ?? fatalError;
    complaints.line(line);
  };
  const drained = Promise.all([
    once(child, 'exit'),
    forwardLines(child.stdout!, onLine),
    forwardLines(child.stderr!, onComplaint).then(complaints.end),
  ]);
  drained.catch(() => {});
  return { begin: complaints.end, fatalError: () => fatalError, drained };
}

async function forwardLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  const lines = createLineSplitter(onLine);
  stream.on('data', (chunk: Buffer) => lines.write(chunk));
  await once(stream, 'close');
  lines.end();
}

/** A process that dies may write pages of stacks, and lines of code in which a whole bundle stands. */
const LINES_MAX = 20;
const LINE_LENGTH_MAX = 1_000;

/** Passes on the first lines, each of bounded length; `end` says how many were left out, and begins anew. */
function limitLines(onLine: (line: string) => void): { line(line: string): void; end(): void } {
  let count = 0;
  return {
    line: (line) => {
      count += 1;
      if (count > LINES_MAX) return;
      const rest = line.length - LINE_LENGTH_MAX;
      onLine(rest <= 0 ? line : `${line.slice(0, LINE_LENGTH_MAX)} (and ${rest} characters more)`);
    },
    end: () => {
      if (count > LINES_MAX) onLine(`(and ${count - LINES_MAX} lines more on stderr)`);
      count = 0;
    },
  };
}
