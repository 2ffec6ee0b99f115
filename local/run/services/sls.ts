import { SettingsError, SourceError } from '../../../lib/errors.ts';
import { type Clock, systemRandom } from '../../../lib/runtime.ts';
import { createSlsWriter } from '../../clients/sls/writer.ts';
import { type SlsService, startSls } from '../../sls/service.ts';
import { tooMuch } from '../inputs.ts';
import { type LogService, type LogServiceKind, portTaken } from './service.ts';

const PROJECT = 'shardbeat-local';
const LOGSTORE = 'lines';
const KEY = { accessKeyId: 'local', accessKeySecret: 'local-secret' };

/** Alibaba Cloud SLS: one logstore. */
export const SLS: LogServiceKind = {
  name: 'SLS',
  // Of one value.
  lineBytesMax: 1_048_576,
  start: async ({ shards, port, bytesMax, clock }) => {
    const sls = await startSls({ port, accounts: [KEY], clock, storedBytesMax: bytesMax }).catch(
      (error: unknown) => {
        throw error instanceof SettingsError ? portTaken('--sls-port', port) : error;
      },
    );
    sls.createProject(PROJECT);
    sls.createLogstore(PROJECT, LOGSTORE, { shards });
    return {
      introduction: `SLS on ${sls.url}`,
      environment: environmentOf(sls.url),
      put: createPut(sls, clock),
      endCursors: () => sls.endCursors(PROJECT, LOGSTORE),
      shardName: (shard) => shard,
      close: sls.close,
    };
  },
};

/** A group's hash key decides on its shard: the first key of a shard's range leads there. */
function createPut(sls: SlsService, clock: Clock): LogService['put'] {
  const writer = createSlsWriter({
    endpoint: sls.url,
    project: PROJECT,
    logstore: LOGSTORE,
    region: 'local',
    credentials: () => KEY,
    clock,
    random: systemRandom,
  });
  const shards = sls.contents()[PROJECT]![LOGSTORE]!;
  return async (shardIndex, logs, signal) => {
    try {
      const hashKey = shards[shardIndex]!.inclusiveBeginKey;
      await writer.putLogs({ topic: 'local', source: '127.0.0.1', logs }, { hashKey }, signal);
    } catch (error) {
      if (error instanceof SourceError && error.code === 'WriteQuotaExceed') throw tooMuch('all inputs');
      throw error;
    }
  };
}

function environmentOf(url: string): Record<string, string> {
  return {
    SHARDBEAT_SOURCE: 'sls',
    SHARDBEAT_SLS_ENDPOINT: url,
    SHARDBEAT_SLS_PROJECT: PROJECT,
    SHARDBEAT_SLS_LOGSTORE: LOGSTORE,
    SHARDBEAT_SLS_REGION: 'local',
    SHARDBEAT_SLS_ACCESS_KEY_ID: KEY.accessKeyId,
    SHARDBEAT_SLS_ACCESS_KEY_SECRET: KEY.accessKeySecret,
  };
}
