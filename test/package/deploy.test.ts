/** What the Framework does after packaging, up to what it asks of AWS. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { readZip } from '../../local/host/zip.ts';
import { PACKAGING_MS_MAX, runOsls } from './osls.ts';

const FILES = {
  'src/orders.js': 'export const eachBatch = () => {};',
  'serverless.yml': `
service: shop
plugins: [shardbeat]
provider: { name: aws }
custom:
  shardbeat:
    groups:
      orders:
        module: src/orders.js
        sls: { endpoint: cn-hangzhou.log.aliyuncs.com, project: shop, logstore: orders, secret: shardbeat/sls }
`,
};
const FUNCTION = {
  Role: 'arn:aws:iam::123456789012:role/shop-dev-ShardbeatDashordersRole-1',
  State: 'Active',
  LastUpdateStatus: 'Successful',
  Handler: 'old.handler',
  CodeSha256: 'old',
};

/** Answers as Lambda does to whoever deploys a function, and refuses all else. */
async function serveLambda() {
  const asked: { path: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const path = `${request.method} ${request.url?.split('?')[0]}`;
    asked.push({ path, body: await text(request) });
    const isLambda = path.includes('/functions/');
    response.writeHead(isLambda ? 200 : 403, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isLambda ? { ...FUNCTION, Configuration: FUNCTION } : {}));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => void server.close(() => closed())),
  };
}

it('a service of groups only is deployed, although it has no archive of its own', {
  timeout: PACKAGING_MS_MAX,
}, async () => {
  await using lambda = await serveLambda();
  const deployment = runOsls(FILES, ['deploy'], lambda.endpoint);
  // It has gone as far as it can without CloudFormation.
  await expect(deployment).rejects.toThrow(/Stack shop-dev failed to deploy/);
  await expect(deployment).rejects.not.toThrow(/file found in the package path/);
});

it('one function is deployed with its archive and its entry', { timeout: PACKAGING_MS_MAX }, async () => {
  await using lambda = await serveLambda();
  await runOsls(FILES, ['deploy', 'function', '--function=shardbeat-orders'], lambda.endpoint);
  const sent = (what: string) =>
    lambda.asked.find(({ path }) => path.startsWith('PUT') && path.endsWith(what));
  const archive = readZip(Buffer.from(JSON.parse(sent('/code')!.body).ZipFile, 'base64'));
  expect([...archive.keys()].sort()).toEqual(['src/handler.mjs', 'src/handler.mjs.map']);
  const configuration = JSON.parse(sent('/configuration')!.body);
  expect(configuration).toMatchObject({ Handler: 'src/handler.handler' });
  expect(configuration).not.toHaveProperty('Role');
});
