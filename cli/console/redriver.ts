/** Who gives dead letters to the user's function once more, on behalf of the page. */
import { type ChildProcess, spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { ShardbeatError } from '../../lib/errors.ts';
import { beginningOf } from '../../lib/observe/secrets.ts';
import type { LetterFilter, OpenGroup, RedriveResult } from '../../lib/operations.ts';
import { untilAllTried } from '../redriving.ts';
import type { About } from './feed.ts';
import { Refused } from './refused.ts';

export interface Redriver {
  /** For the page: who does it, or why nobody does. */
  readonly by: Pick<About, 'redrivenBy' | 'cannotRedrive'>;
  redrive(filter: LetterFilter): Promise<RedriveResult>;
}

/** The deployed function does it. */
export function redriveByFunction(group: OpenGroup, signal: AbortSignal): Redriver {
  return {
    by: { redrivenBy: 'function' },
    redrive: (filter) =>
      untilAllTried(
        () => group.redrive('function', filter, { signal }),
        undefined,
        () => {},
      ),
  };
}

export function redriveByNobody(remedy: string): Redriver {
  return {
    by: { cannotRedrive: remedy },
    redrive: async () => {
      throw new Refused(409, remedy);
    },
  };
}

export interface ModuleOptions {
  /** The user's, as an absolute path. */
  readonly module: string;
  /** The variables of the function, by which the group is reached. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** As long as a letter is kept for a redrive that says nothing any more. */
const REDRIVE_MS_MAX = 15 * 60_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const SAID_CHARACTERS_MAX = 400;

/** The user's module does it, in a process of its own: whatever it does there, the console goes on; and it is always the module as it is now. */
export function redriveByModule({ module, environment, signal }: ModuleOptions): Redriver {
  const program = join(import.meta.dirname, `redriveChild${extname(import.meta.filename)}`);
  return {
    by: { redrivenBy: 'module' },
    async redrive(filter) {
      const child = spawn(process.execPath, [program], {
        stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...environment },
        signal,
        killSignal: 'SIGKILL',
        timeout: REDRIVE_MS_MAX,
      });
      const ended = endOf(child);
      child.stdin!.on('error', () => {}).end(JSON.stringify({ module, environment, filter }));
      const [answer, said] = await Promise.all([
        beginningIn(child.stdio[3] as NodeJS.ReadableStream, ANSWER_BYTES_MAX),
        endIn(child.stderr!),
      ]);
      const how = await ended;
      signal.throwIfAborted();
      return resultIn(answer) ?? died(how, said);
    },
  };
}

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, killedBy) =>
      resolve(killedBy === null ? `exit code ${code}` : `killed by ${killedBy}`),
    );
  });

function resultIn(answer: string): RedriveResult | undefined {
  const { result, error } = parsed(answer);
  if (error !== undefined) throw new ShardbeatError(error, { retriable: false });
  return result;
}

function parsed(text: string): { result?: RedriveResult; error?: string } {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}

function died(how: string, said: string): never {
  const last = said.trim() === '' ? '' : `, having said: ${beginningOf(said.trim(), SAID_CHARACTERS_MAX)}`;
  const message = `the process in which your module ran has ended (${how}) and did not say what became of it${last}. The dead letter stays; for some minutes it counts as being redriven`;
  throw new ShardbeatError(message, { retriable: true });
}

async function beginningIn(stream: NodeJS.ReadableStream, bytesMax: number): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
    if (text.length < bytesMax) text += chunk;
  }
  return text;
}

/** The last of it is what it ended with. */
async function endIn(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
    text = (text + chunk).slice(-SAID_CHARACTERS_MAX);
  }
  return text;
}
