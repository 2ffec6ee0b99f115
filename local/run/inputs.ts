import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { SettingsError } from '../../lib/errors.ts';
import { generateAccessLog } from './accessLog.ts';
import { type LineLimits, LineTooLong, splitLines } from './lines.ts';

/** Where records come from: one a line. */
export interface Input {
  /** As a person knows it: the path, `stdin`, or that it is generated. */
  name: string;
  /** How many lines it has; undefined for what can be read only once. */
  lines: number | undefined;
  bytes: number | undefined;
  /** Reads it from its beginning; each time anew where `lines` is known. Throws a SettingsError for a line too long. */
  read(signal: AbortSignal): AsyncIterable<Uint8Array[]>;
}

/** What the local log service keeps, which is in memory. */
export const STREAM_BYTES_MAX = 1024 ** 3;
export const GENERATED_LINES = 20_000;
const OPTION = '--input';
const READ_BYTES = 256 * 1024;
const REMEDY_LINES = 'give a file, or text on stdin, with one record a line';

/**
 * Opens what `--input` named, and reads every file through once: what cannot be used is told before anything runs. Files
 * that are no regular files (pipes, terminals) are read only once, like stdin (`-`).
 *
 * @param names paths; none: a generated access log
 * @param lineBytesMax what the log service takes as one value
 * @throws SettingsError naming file, line and remedy
 */
export async function openInputs(
  names: readonly string[],
  stdin: NodeJS.ReadableStream,
  lineBytesMax: number,
  signal: AbortSignal,
): Promise<Input[]> {
  if (names.length === 0) return [generatedInput(lineBytesMax)];
  if (names.filter((name) => name === '-').length > 1) {
    throw new SettingsError(OPTION, '-', 'stdin can be read once; name it once');
  }
  const inputs: Input[] = [];
  for (const name of names) {
    const isStdin = name === '-';
    inputs.push(
      isStdin ? streamInput('stdin', lineBytesMax, () => stdin) : await openFile(name, lineBytesMax, signal),
    );
  }
  if (inputs.every(({ lines }) => lines === 0)) throw nothingToRead(names.join(', '));
  const bytes = inputs.reduce((sum, input) => sum + (input.bytes ?? 0), 0);
  if (bytes > STREAM_BYTES_MAX) throw tooMuch(names.join(', '));
  return inputs;
}

/** What the run says when an input that could be read only once turned out to hold nothing. */
export function nothingToRead(name: string): SettingsError {
  return new SettingsError(OPTION, name, `there is not a single line in it; ${REMEDY_LINES}`);
}

/** What the run says when the inputs do not fit into the local log service. */
export function tooMuch(name: string): SettingsError {
  const limit = `${(STREAM_BYTES_MAX / 2 ** 30).toFixed(0)} GiB`;
  return new SettingsError(OPTION, name, `the local log service keeps at most ${limit} in memory; give less`);
}

function generatedInput(lineBytesMax: number): Input {
  const name = `generated access log (${GENERATED_LINES.toLocaleString('en')} lines, not real traffic)`;
  const limits = { bytesMax: lineBytesMax, measure: true };
  return {
    name,
    lines: GENERATED_LINES,
    bytes: undefined,
    read: () => splitLines(generateAccessLog(GENERATED_LINES), limits),
  };
}

async function openFile(path: string, lineBytesMax: number, signal: AbortSignal): Promise<Input> {
  let bytes: number;
  try {
    const kind = await stat(path);
    if (kind.isDirectory()) throw new SettingsError(OPTION, path, `it is a directory; ${REMEDY_LINES}`);
    await access(path, constants.R_OK);
    if (!kind.isFile()) return streamInput(path, lineBytesMax, () => createReadStream(path));
    bytes = kind.size;
  } catch (error) {
    throw unreadable(path, error);
  }
  const read = (until: AbortSignal): AsyncIterable<Uint8Array[]> =>
    readLines(
      path,
      createReadStream(path, { highWaterMark: READ_BYTES }),
      { bytesMax: lineBytesMax, measure: true },
      until,
    );
  let lines = 0;
  for await (const some of read(signal)) lines += some.length;
  return { name: path, lines, bytes, read };
}

function streamInput(name: string, lineBytesMax: number, open: () => NodeJS.ReadableStream): Input {
  return {
    name,
    lines: undefined,
    bytes: undefined,
    read: (signal) => readLines(name, open(), { bytesMax: lineBytesMax, measure: false }, signal),
  };
}

async function* readLines(
  name: string,
  stream: NodeJS.ReadableStream,
  limits: LineLimits,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array[]> {
  const stop = (): void => void (stream as NodeJS.ReadableStream & { destroy?: () => void }).destroy?.();
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const chunks = stream as AsyncIterable<unknown> as AsyncIterable<Uint8Array>;
    yield* splitLines(chunks, limits);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof LineTooLong ? tooLong(name, error, limits.bytesMax) : unreadable(name, error);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

function tooLong(name: string, { line, bytes, exact }: LineTooLong, bytesMax: number): SettingsError {
  const size = `${exact ? '' : 'at least '}${bytes.toLocaleString('en')} bytes`;
  const limit = `the log service takes at most ${bytesMax.toLocaleString('en')} in one value`;
  return new SettingsError(
    OPTION,
    name,
    `line ${line} has ${size}, and ${limit}; split the line or leave it out`,
  );
}

function unreadable(name: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'you may not read it',
  };
  return new SettingsError(OPTION, name, `${reasons[code] ?? (error as Error).message}; ${REMEDY_LINES}`);
}
