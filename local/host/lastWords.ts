import { LAST_WORDS, type LastWords } from './messages.ts';

const WORDS_LENGTH_MAX = 500;
/** Of what Node writes when it ends by itself. */
const FATAL = /^FATAL ERROR: (.+)$/;

/** What a line of stderr says of why the process ends; undefined for any other line. Ours is no output of the function's. */
export function lastWordsIn(line: string): (LastWords & { isOurs: boolean }) | undefined {
  const said = line.startsWith(LAST_WORDS) ? parse(line.slice(LAST_WORDS.length)) : undefined;
  const words = said?.words ?? FATAL.exec(line)?.[1];
  if (words === undefined) return undefined;
  const isOurs = said !== undefined;
  return { words: words.slice(0, WORDS_LENGTH_MAX), details: said?.details, isOurs };
}

/** The function may write such a line itself, and anything in it. */
function parse(text: string): LastWords | undefined {
  try {
    const { words, details }: Record<string, unknown> = JSON.parse(text);
    return typeof words === 'string' && typeof details === 'string' ? { words, details } : undefined;
  } catch {
    return undefined;
  }
}

/** A process that dies may write pages of stacks, and lines of code in which a whole bundle stands. */
const LINES_MAX = 20;
const LINE_LENGTH_MAX = 1_000;

/** Passes on the first lines, each of bounded length; `end` says how many were left out, and begins anew. */
export function limitLines(onLine: (line: string) => void): { line(line: string): void; end(): void } {
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
