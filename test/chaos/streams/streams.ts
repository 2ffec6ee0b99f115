import type { SourceName } from '../../../local/run/services/service.ts';
import { startClsStream } from './cls.ts';
import { startSlsStream } from './sls.ts';
import type { StartStream } from './stream.ts';

export const STREAMS: Readonly<Record<SourceName, StartStream>> = {
  sls: startSlsStream,
  cls: startClsStream,
};
