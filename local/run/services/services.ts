import { CLS } from './cls.ts';
import type { LogServiceKind, SourceName } from './service.ts';
import { SLS } from './sls.ts';

/** What a run on each service needs to know of it. */
export const LOG_SERVICES: Readonly<Record<SourceName, LogServiceKind>> = { sls: SLS, cls: CLS };
