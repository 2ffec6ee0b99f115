import { type ClsService, startCls } from '../../../local/cls/service.ts';
import type { Account } from '../../../local/service/account.ts';
import type { ClsGolden } from '../../golden/golden.ts';
import type { Environment } from '../driver.ts';
import { type Recorder, startRecorder } from '../recorder.ts';

export const LOGSET = '6f6ded3f-948c-4616-9c7c-956a95d8c1a3';
const ORDERS = '11111111-2222-3333-4444-555555555555';
const AUDIT = '22222222-3333-4444-5555-666666666666';
export const TOPICS = [ORDERS, AUDIT] as const;
export const ACCOUNT = { accessKeyId: 'interop-id', accessKeySecret: 'interop-secret' };
export const REGION = 'ap-guangzhou';

/** What a driver needs to speak to the service, or to a relay to it. Both planes are at one address. */
export function connect(url: string, topics: readonly string[] = TOPICS): Environment {
  return {
    INTEROP_ENDPOINT: url,
    YUNAPI_ENDPOINT: url,
    INTEROP_REGION: REGION,
    INTEROP_LOGSET: LOGSET,
    INTEROP_TOPICS: topics.join(','),
    INTEROP_ACCESS_KEY_ID: ACCOUNT.accessKeyId,
    INTEROP_ACCESS_KEY_SECRET: ACCOUNT.accessKeySecret,
  };
}

/** Offsets are decimal. */
export const positionOf = (cursor: string): bigint => BigInt(cursor);

export interface ClsStage extends Recorder<ClsService> {
  golden(client: string): ClsGolden;
}

export interface ClsStageOptions {
  account?: Account;
  /** Of each topic; there are none, and no logset, if this is left out. */
  partitions?: readonly number[];
}

export async function startStage({ account = ACCOUNT, partitions }: ClsStageOptions = {}): Promise<ClsStage> {
  const recorder = await startRecorder((clock) => startCls({ accounts: [account], clock }));
  const { service, startedAtMs, exchanges } = recorder;
  const topics = (partitions ?? []).map((count, index) => ({ id: TOPICS[index]!, partitions: count }));
  if (partitions !== undefined) makeTopics(service, topics);
  return {
    ...recorder,
    golden: (client) => ({
      ...{ client, account, startedAtMs },
      ...(partitions === undefined ? {} : { logset: LOGSET, topics }),
      exchanges,
    }),
  };
}

export function makeTopics(
  service: Pick<ClsService, 'createLogset' | 'createTopic'>,
  topics: readonly { id: string; partitions: number }[],
): void {
  service.createLogset(LOGSET);
  for (const { id, partitions } of topics) service.createTopic(LOGSET, id, { partitions });
}
