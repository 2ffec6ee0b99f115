/** What a function that was bundled says of errors of the user's own code, with the services of a local stack. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../lib/runtime.ts';
import { LOG_SERVICES } from '../../local/run/services/services.ts';
import { type Stack, startStack } from '../../local/run/stack.ts';
import { makeService } from './service.ts';

const COLD_START = join(import.meta.dirname, '../package/fixtures/coldStart.mjs');
const PRICE = `export function priceOf(order: string): number {
  throw new TypeError(\`no price for \${order}\`);
}`;
const ORDERS = `import { priceOf } from './price.ts';
export const eachBatch = async ({ records }: { records: Iterable<{ get(name: string): string }> }) => {
  for (const record of records) {
    try {
      priceOf(record.get('content'));
    } catch (error) {
      console.error(error);
      throw error;
    }
  }
};`;

let stack: Stack;
beforeAll(async () => {
  const options = {
    shards: 1,
    intervalMs: 1_000,
    linger: 'off',
    logsPort: 0,
    dynamodbPort: 0,
    clock: systemClock,
  };
  stack = await startStack({ ...options, service: LOG_SERVICES.sls });
});
afterAll(() => stack?.close());

/** One tick, in a process of its own. Throws if no batch failed in it: the first ones of a group only make its plan. */
async function tick(bundle: string) {
  const args = [COLD_START, bundle, JSON.stringify({ slot: 'consumer-0' })];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: stack.environment });
  const lines = stdout.trim().split('\n');
  const failed = lines.map((line) => JSON.parse(line)).find(({ event }) => event === 'batch.failed');
  if (failed === undefined) throw new Error(stdout);
  return { failed, stderr };
}

describe('an error of the user’s code in a bundle', () => {
  it('names its source in what the function logs, and in what the user writes', async () => {
    await using service = await makeService();
    await service.write({ 'src/price.ts': PRICE, 'src/orders.ts': ORDERS });
    const { handler } = await service.bundle('src/orders.ts');
    const record = { timeMs: Date.now(), fields: { content: 'seven' } };
    await stack.logs.put(0, [record], AbortSignal.timeout(10_000));
    const { failed, stderr } = await vi.waitFor(() => tick(join(service.archive, handler)), {
      timeout: 25_000,
    });
    const named = /src\/price\.ts:2:9\)?.*\n? *.*src\/orders\.ts:5:7/s;
    expect(failed.error).toMatchObject({
      message: 'no price for seven',
      stack: expect.stringMatching(named),
    });
    expect(stderr).toMatch(named);
    expect(stderr).toMatch(/^TypeError: no price for seven\n +at priceOf \(/);
  });

  it('names its source already where the module cannot be loaded', async () => {
    await using service = await makeService();
    const text = 'export const eachBatch = () => {};\nthrow new RangeError("no setting");';
    await service.write({ 'src/orders.ts': text });
    const { handler } = await service.bundle('src/orders.ts');
    const { error } = await service.start(handler);
    expect(error).toMatchObject({
      name: 'RangeError',
      stack: expect.stringMatching(/^RangeError: no setting\n.*src\/orders\.ts:2:7/),
    });
  });
});

describe('modules of Node in a bundle', () => {
  it.each([
    ['a name', "import { request } from 'node:http'; console.log(typeof request);", 'function'],
    ['the default', "import http from 'http'; console.log(typeof http.request);", 'function'],
    ['all of it', "import * as http from 'node:http'; console.log(typeof http.request);", 'function'],
    ['later', "const { request } = await import('node:http'); console.log(typeof request);", 'function'],
    [
      'a name and the default',
      "import http, { request } from 'node:http'; console.log(http.request === request);",
      'true',
    ],
    [
      'what is passed on',
      "export { METHODS } from 'node:http'; import * as own from './orders.js'; console.log(own.METHODS.includes('GET'));",
      'true',
    ],
  ])('are there as they are imported: %s', async (_how, text, written) => {
    await using service = await makeService();
    await service.write({ 'orders.js': `${text} export const eachBatch = () => {};` });
    const { handler } = await service.bundle('orders.js');
    expect(await service.start(handler)).toEqual({
      node: expect.any(String),
      handler: 'function',
      written: [written],
    });
  });

  it('are not asked for what nobody uses: HTTP comes without all that fetch needs', async () => {
    await using service = await makeService();
    const text =
      "import { request } from 'node:http'; export const eachBatch = () => {}; export const used = request;";
    const told = "console.log(process.moduleLoadList.some((name) => name.endsWith('undici')));";
    await service.write({ 'orders.js': `${text} ${told}` });
    const { handler } = await service.bundle('orders.js');
    expect(await service.start(handler)).toMatchObject({ handler: 'function', written: ['false'] });
  });
});
