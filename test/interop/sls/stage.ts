import { type SlsService, startSls } from '../../../local/sls/service.ts';
import type { SlsGolden } from '../../golden/golden.ts';
import type { Environment } from '../driver.ts';
import { type Recorder, startRecorder } from '../recorder.ts';

export const PROJECT = 'interop';
export const LOGSTORE = 'orders';
export const ACCOUNT = { accessKeyId: 'interop-id', accessKeySecret: 'interop-secret' };

export type Signature = 'v1' | 'v4';

/**
 * SDKs connect to `<project>.<endpoint>`. This one leads nowhere: the service is reached as their HTTP proxy, as names
 * below localhost need not resolve, and the Python SDK takes an address for one only if it has no port.
 */
const ENDPOINT = 'http://sls.example';

/** What a driver needs to speak to the service, or to a relay to it. */
export function connect(url: string, signature: Signature): Environment {
  return {
    HTTP_PROXY: url,
    http_proxy: url,
    INTEROP_ENDPOINT: ENDPOINT,
    INTEROP_SIGNATURE: signature,
    INTEROP_PROJECT: PROJECT,
    INTEROP_LOGSTORE: LOGSTORE,
    INTEROP_ACCESS_KEY_ID: ACCOUNT.accessKeyId,
    INTEROP_ACCESS_KEY_SECRET: ACCOUNT.accessKeySecret,
  };
}

export const positionOf = (cursor: string): bigint => BigInt(Buffer.from(cursor, 'base64').toString());

export interface SlsStage extends Recorder<SlsService> {
  golden(client: string): SlsGolden;
}

/** The local service, with a logstore of so many shards if any. */
export async function startStage({ shards }: { shards?: number } = {}): Promise<SlsStage> {
  const recorder = await startRecorder((clock) => startSls({ accounts: [ACCOUNT], clock }));
  const { service, startedAtMs, exchanges } = recorder;
  if (shards !== undefined) {
    service.createProject(PROJECT);
    service.createLogstore(PROJECT, LOGSTORE, { shards });
  }
  const logstore = shards === undefined ? {} : { logstore: { project: PROJECT, name: LOGSTORE, shards } };
  return {
    ...recorder,
    golden: (client) => ({ client, account: ACCOUNT, startedAtMs, ...logstore, exchanges }),
  };
}
