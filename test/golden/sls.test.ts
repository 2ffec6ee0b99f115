import { expect, test } from 'vitest';
import type { Clock } from '../../lib/runtime.ts';
import { decodeLogGroupList } from '../../lib/sources/sls/logGroupList.ts';
import { decompress, isCompression } from '../../local/sls/codec.ts';
import { type SlsService, startSls } from '../../local/sls/service.ts';
import { bytesOf, type Exchange, readGolden, type SlsGolden } from './golden.ts';
import { replay } from './replay.ts';

/** Recorded by `npm run test:interop -- --record`. */
const GOLDENS = [
  'python-calls-v1',
  'python-calls-v4',
  'python-refusals-v1',
  'python-refusals-v4',
  'python-consumer',
  'go-calls-v1',
  'go-calls-v4',
  'go-consumer',
  'java-calls-v1',
  'java-consumer',
];

test.each(GOLDENS)(
  '%s: the local service answers its client as it did when it was recorded',
  async (name) => {
    const golden = await readGolden<SlsGolden>(`sls/${name}`);
    expect(golden.exchanges.length).toBeGreaterThan(0);
    const answers = await replay(golden, (clock) => start(golden, clock));
    for (const [index, { request, answer }] of golden.exchanges.entries()) {
      const label = `exchange ${index}: ${request.method} ${request.target}`;
      expect(decode(answers[index]!), label).toEqual(decode(answer));
    }
  },
);

async function start({ account, logstore }: SlsGolden, clock: Clock): Promise<SlsService> {
  const service = await startSls({ accounts: [account], clock });
  if (logstore) {
    service.createProject(logstore.project);
    service.createLogstore(logstore.project, logstore.name, { shards: logstore.shards });
  }
  return service;
}

/** What an answer means: how it is written as JSON, and how it is compressed, is no concern of a client. */
function decode({ status, headers, ...body }: Exchange['answer']) {
  const bytes = bytesOf(body);
  if (headers['content-type'] !== 'application/x-protobuf') {
    return { status, headers, json: bytes.length === 0 ? undefined : JSON.parse(bytes.toString()) };
  }
  const compression = headers['x-log-compresstype'] ?? '';
  const rawSize = Number(headers['x-log-bodyrawsize']);
  const raw = isCompression(compression) && rawSize > 0 ? decompress(bytes, compression, rawSize) : bytes;
  const records = [...decodeLogGroupList(raw).records].map((record) => {
    const { timeMs, topic, source, tags } = record;
    return { timeMs, topic, source, tags, fields: record.toObject() };
  });
  return { status, headers, records };
}
