/** What a plan is made from, and with. */
import type { Logger } from '../observe/logger.ts';
import type { Position, SourceShard, StreamList } from '../sources/source.ts';
import type { Times } from '../times.ts';
import type { Strategy } from './planner.ts';
import type { GroupStore } from './store.ts';

/** What planning needs of the log service; the group knows nothing else of it. */
export interface Stream {
  listShards(signal: AbortSignal): Promise<SourceShard[]>;
  /** Where there are several streams. */
  listStreams?(signal: AbortSignal): Promise<StreamList[]>;
  cursorAt(shard: string, position: Position, signal: AbortSignal): Promise<string>;
}

export interface Planning {
  store: GroupStore;
  stream: Stream;
  now: number;
  /** Nonce of this run. */
  planner: string;
  /** End of the plan lock: this run is dead by then. */
  deadline: number;
  times: Times;
  /** Ends before the plan's own time does, so that a service that lists nothing leaves time to plan without it. */
  asking: AbortSignal;
  order: boolean;
  start: Position;
  endAt: number | undefined;
  strategy: Strategy;
  /** False where the service assigns the shards: then others may read them too, and the plan only tends the items. */
  assigns: boolean;
  /**
   * Of the past: every shard begins at `start`, whenever it is found, and its item stays until the end, though the service may list it no
   * more; else it would be read anew once it is listed again. `shards`: only these are read.
   */
  replay?: { readonly shards?: readonly string[] | undefined } | undefined;
  logger: Logger;
}
