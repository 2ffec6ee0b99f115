/** What the host and its sandbox process say to each other. */
export interface InvokeMessage {
  event: unknown;
  requestId: string;
  /** Wall clock; the host and the sandbox share one. */
  deadlineMs: number;
}

export type SandboxMessage =
  | { kind: 'ready' }
  | { kind: 'answered'; result: unknown }
  | { kind: 'failed'; error: string };

/** In front of the line on stderr with which a process says what it ends of: JSON. */
export const LAST_WORDS = 'shardbeat-last-words: ';

export interface LastWords {
  /** In one line. */
  words: string;
  /** With the stack; undefined where there is none. */
  details: string | undefined;
}

/** What a function is given where nothing else is said, as the plugin has it; and how much of it Lambda leaves to JavaScript. */
export const MEMORY_MB = 512;
export const HEAP_MB = Math.floor(MEMORY_MB * 0.9);
