/** What a diagnosis is made of. Plain data: who gathers it knows how, who judges it does not. */
import type {
  DeployedFunction,
  DeployedSchedule,
  Description,
  TableAction,
  TableShape,
} from '../../lib/examine.ts';
import type { ReplayLeft } from '../../lib/operations.ts';
import type { Packaged } from '../project.ts';

/** Why something is not known. */
export interface Problem {
  /** Of whoever refused, such as `AccessDeniedException`. */
  readonly code: string;
  readonly message: string;
  /** What is to be done, where whoever was asked tells. */
  readonly remedy?: string | undefined;
}

/** Undefined: nobody was asked, since there is nothing to ask or nobody who knows. */
export type Known<T> = { readonly value: T } | { readonly problem: Problem } | undefined;

/** For whom it does not matter why it is not known. */
export const knownOf = <T>(known: Known<T>): T | undefined =>
  known !== undefined && 'value' in known ? known.value : undefined;

/** Settings of the group's function, as they were read. */
export interface SettingsFacts {
  readonly intervalMs: number;
  readonly functionTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly slots: readonly string[] | undefined;
  /** Their number follows the load, and is that at least. */
  readonly slotsMin?: number | undefined;
  /** What is set and that nobody reads. */
  readonly warnings: readonly string[];
  /** In what the group has other settings; undefined: the group is not known. */
  readonly disagreements: readonly string[] | undefined;
}

export interface StreamFacts {
  /** Undefined: only the shards of the group were asked about. */
  readonly listed: number | undefined;
  /** Shards of the group about which the service does not tell. */
  readonly failed: readonly { readonly shard: string; readonly error: string }[];
  readonly asked: number;
  readonly retentionError: string | undefined;
}

export interface Facts {
  readonly group: string;
  readonly place: string;
  readonly isLocal: boolean;
  readonly versions: { readonly shardbeat: string; readonly node: string };
  /** Where the settings stand that were read: `the environment`, `serverless.yml`, `the function`. */
  readonly settingsOf: string;
  readonly settings: Known<SettingsFacts>;
  readonly packaged: Packaged | undefined;
  readonly table: Known<TableShape>;
  readonly timeToLive: Known<string | undefined>;
  readonly backups: Known<boolean>;
  readonly rights: readonly { readonly action: TableAction; readonly problem: Problem | undefined }[];
  /** How far this machine's clock is behind the table's. */
  readonly skewMs: number | undefined;
  readonly description: Known<Description>;
  /** A replay of the group that stands in the table. */
  readonly replay: Known<ReplayLeft | undefined>;
  readonly stream: Known<StreamFacts>;
  readonly function: Known<DeployedFunction>;
  readonly schedules: Known<readonly DeployedSchedule[]>;
}

/** What is found wrong or right. */
export interface Finding {
  /** `note`: may be as it is. `unknown`: nobody could tell. */
  readonly level: 'ok' | 'note' | 'unknown' | 'warning' | 'error';
  readonly about: string;
  readonly says: string;
  readonly remedy?: string | undefined;
}

export const found = (level: Finding['level'], about: string, says: string, remedy?: string): Finding => ({
  level,
  about,
  says,
  ...(remedy !== undefined && { remedy }),
});

export const isDenied = ({ code }: Problem): boolean => /AccessDenied|NotAuthorized|^status 403/.test(code);
