import { expect, test } from 'vitest';
import type { Clock } from '../../lib/runtime.ts';
import { snappyDecompress } from '../../lib/sources/cls/snappy.ts';
import { type ClsService, startCls } from '../../local/cls/service.ts';
import { bytesOf, type ClsGolden, type Exchange, readGolden } from './golden.ts';
import { replay } from './replay.ts';

const RAW_BYTES_MAX = 1024 ** 2;

/** Recorded by `npm run test:interop -- --record`. */
const GOLDENS = [
  'python-calls',
  'python-generated',
  'python-refusals',
  'python-tokens',
  'python-consumer',
  'go-uploads',
];

test.each(GOLDENS)(
  '%s: the local service answers its client as it did when it was recorded',
  async (name) => {
    const golden = await readGolden<ClsGolden>(`cls/${name}`);
    expect(golden.exchanges.length).toBeGreaterThan(0);
    const answers = await replay(golden, (clock) => start(golden, clock));
    for (const [index, { request, answer }] of golden.exchanges.entries()) {
      const label = `exchange ${index}: ${request.headers['x-tc-action'] ?? request.target}`;
      const { target } = request;
      expect(decode(target, answers[index]!), label).toEqual(decode(target, answer));
    }
  },
);

async function start({ account, logset, topics = [] }: ClsGolden, clock: Clock): Promise<ClsService> {
  const service = await startCls({ accounts: [account], clock });
  if (logset !== undefined) service.createLogset(logset);
  for (const { id, partitions } of topics) service.createTopic(logset!, id, { partitions });
  return service;
}

/** What an answer means: how it is written as JSON, and how it is compressed, is no concern of a client. */
function decode(target: string, { status, headers, ...body }: Exchange['answer']) {
  const bytes = bytesOf(body);
  if (bytes.length === 0) return { status, headers };
  // Which it does not say of itself.
  const isCompressed = target.startsWith('/pull_log?') && status === 200;
  const text = isCompressed ? snappyDecompress(bytes, RAW_BYTES_MAX) : bytes;
  const json = JSON.parse(text.toString()) as { Response?: { RequestId?: string } };
  // Differs in every answer.
  delete json.Response?.RequestId;
  return { status, headers, json };
}
