/** The console of one group: it looks at it, and serves the page. */
import { randomBytes } from 'node:crypto';
import { SettingsError, ShardbeatError } from '../../lib/errors.ts';
import { messageOf } from '../../lib/observe/plainError.ts';
import type { OpenGroup } from '../../lib/operations.ts';
import type { Clock } from '../../lib/runtime.ts';
import { remedyFor } from '../remedies.ts';
import type { Target } from '../target.ts';
import { createActions } from './actions.ts';
import type { About } from './feed.ts';
import { readPage } from './files.ts';
import { createLookout } from './lookout.ts';
import { type Redriver, redriveByFunction, redriveByModule, redriveByNobody } from './redriver.ts';
import { startServer } from './server.ts';
import { createStreams } from './streams.ts';

export interface ConsoleOptions {
  readonly target: Target;
  readonly group: OpenGroup;
  /** What a command is given to mean this group. */
  readonly commandOptions: string;
  readonly everyMs: number;
  /** Looks from now on, and not only while a page is open. */
  readonly keepsLooking: boolean;
  /** 0: any free one. */
  readonly port: number;
  /** What named it. */
  readonly portOption: string;
  readonly tableOnly?: boolean;
  readonly retentionMs?: number | undefined;
  /** How many records a local run has processed so far. */
  readonly records?: (() => number) | undefined;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

export interface Console {
  /** Where the page is, with its token. */
  readonly address: string;
  /** Ends at once, open pages included. */
  close(): Promise<void>;
}

/** Of 256 bits: nobody guesses it. */
const TOKEN_BYTES = 32;

/** Throws a SettingsError if the port cannot be had. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { target, group, everyMs, clock } = options;
  const ended = new AbortController();
  const { signal } = ended;
  const redriver = redriverOf(options, signal);
  const lookout = createLookout({ ...options, sayOf, signal });
  const about: About = {
    group: target.group,
    place: target.place,
    isLocal: target.isLocal,
    commandOptions: options.commandOptions,
    everyMs,
    since: clock.now(),
    ...redriver.by,
  };
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  try {
    const server = await startServer({
      port: options.port,
      portOption: options.portOption,
      token,
      files: readPage(),
      group,
      streams: createStreams(about, lookout, clock.now),
      actions: createActions(group, redriver, signal),
      onChanged: lookout.lookSoon,
      sayOf,
      signal,
    });
    const close = async (): Promise<void> => {
      ended.abort();
      await Promise.all([server.close(), lookout.ended]);
    };
    return { address: `http://127.0.0.1:${server.port}/${token}/`, close };
  } catch (error) {
    ended.abort();
    throw error;
  }
}

function redriverOf({ target, group }: ConsoleOptions, signal: AbortSignal): Redriver {
  const { module, settings } = target;
  if (module !== undefined && settings !== undefined) {
    return redriveByModule({ module, environment: settings, signal });
  }
  if (target.asks === 'function') return redriveByFunction(group, signal);
  return redriveByNobody(
    target.isLocal
      ? 'The local run has no module of yours: start it with --module FILE, or use npx shardbeat redrive --module FILE.'
      : 'Nobody here can redrive: start the console with --function NAME, and the deployed function does it.',
  );
}

/** As the command line says it, in one paragraph. */
function sayOf(error: unknown): string {
  if (!(error instanceof ShardbeatError)) return messageOf(error);
  const remedy = error instanceof SettingsError ? undefined : remedyFor(error);
  return remedy === undefined ? error.message : `${error.message}; ${remedy}`;
}
