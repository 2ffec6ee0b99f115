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
