import { setTimeout as sleep } from 'node:timers/promises';
import { describeDoorbell } from '../conformance/doorbell.ts';
import { REGION } from '../support/awsService.ts';

const endpoint = process.env.SQS_ENDPOINT;
if (!endpoint) throw new Error('SQS_ENDPOINT must be given: run `npm run test:doorbell`');

/** Its region is all that is looked at. */
const authorization = `AWS4-HMAC-SHA256 Credential=local/20260101/${REGION}/sqs/aws4_request, SignedHeaders=host, Signature=0`;
let queues = 0;

describeDoorbell('a queue of fauxqs', async () => {
  const headers = {
    authorization,
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'AmazonSQS.CreateQueue',
  };
  const body = JSON.stringify({ QueueName: `orders-${++queues}` });
  const answer = await fetch(endpoint, { method: 'POST', headers, body });
  const { QueueUrl } = (await answer.json()) as { QueueUrl: string };
  return {
    // The name that it says is not known everywhere.
    url: endpoint + new URL(QueueUrl).pathname,
    // By the queue's own clock, which nobody else can move.
    pass: (seconds) => sleep((seconds + 0.5) * 1_000),
  };
});
