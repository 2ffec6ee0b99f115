/** How a local run has its page served: by the command line, which knows the console; a run does without as well. */
import type { LocalRun } from './localRuns.ts';

export interface PageOfRun {
  readonly run: LocalRun;
  /** 0: any free one. */
  readonly port: number;
  /** How many records it has processed so far. */
  records(): number;
}

export interface OpenedPage {
  readonly address: string;
  /** Ends at once, open pages included. */
  close(): Promise<void>;
}

/** Rejects with a SettingsError that names `--page-port` if the port cannot be had. */
export type OpenPage = (page: PageOfRun) => Promise<OpenedPage>;
