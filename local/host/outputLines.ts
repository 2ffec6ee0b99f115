import { StringDecoder } from 'node:string_decoder';

/** Characters kept of one line of output; the rest of it is dropped. */
const LINE_LENGTH_MAX = 64 * 1024;

/** A log event as lib/observe/logger.ts writes it: one JSON object a line, named by `event`. */
export type LogEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** Splits what a process prints into lines, of bounded length. `end` gives out a last line without newline. */
export function createLineSplitter(onLine: (line: string) => void): {
  write(chunk: Uint8Array): void;
  end(): void;
} {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const keep = (text: string): void => {
    if (rest.length < LINE_LENGTH_MAX) rest += text.slice(0, LINE_LENGTH_MAX - rest.length);
  };
  return {
    write: (chunk) => {
      const parts = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)).split('\n');
      for (const [index, part] of parts.entries()) {
        keep(part);
        if (index === parts.length - 1) break;
        onLine(rest);
        rest = '';
      }
    },
    end: () => {
      keep(decoder.end());
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}

/** The event a line of output holds; undefined if it is something else, such as the user's own output. */
export function parseLogEvent(line: string): LogEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && typeof (value as LogEvent).event === 'string') {
      return value as LogEvent;
    }
  } catch {
    // Not JSON after all.
  }
  return undefined;
}
