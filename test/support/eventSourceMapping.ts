import type { Context, SQSEvent } from 'aws-lambda';
import type { Consumer } from '../../lib/consume.ts';
import type { Message, SqsQueue } from '../../lib/delivery/deadLetters/sqsQueue.ts';

/** What became of the messages of one batch, by what they say. */
export interface Polled {
  taken: string[];
  /** They come again once their time in the poller's hands is over. */
  left: string[];
}

export interface EventSourceMapping {
  /** Receives what there is, and gives the function each batch. */
  poll(): Promise<Polled[]>;
}

const BATCH_MOST = 10;
const BATCHES_MAX = 20;
const { signal } = new AbortController();

/**
 * Polls a queue as Lambda does for a function whose mapping has ReportBatchItemFailures ("Using Lambda with Amazon SQS", developer guide):
 * what it does not name as failed is deleted. Of an answer that cannot be understood, or none, nothing is.
 */
export function mapQueue(
  queue: SqsQueue,
  handler: Consumer,
  options: { context: () => Context; visibilitySeconds: number },
): EventSourceMapping {
  const invoke = async (messages: readonly Message[]): Promise<Set<string>> => {
    const all = new Set(messages.map(({ id }) => id));
    try {
      const answer = await handler(eventOf(messages), options.context());
      return failedIn(JSON.parse(JSON.stringify(answer)), all);
    } catch {
      return all;
    }
  };
  return {
    async poll() {
      const batches: Polled[] = [];
      while (batches.length < BATCHES_MAX) {
        const messages = await queue.receive(BATCH_MOST, options.visibilitySeconds, { signal });
        if (messages.length === 0) return batches;
        const failed = await invoke(messages);
        const taken = messages.filter(({ id }) => !failed.has(id));
        for (const { receipt } of taken) await queue.remove(receipt, { signal });
        const left = messages.filter(({ id }) => failed.has(id));
        batches.push({ taken: taken.map(({ text }) => text), left: left.map(({ text }) => text) });
      }
      throw new Error('what is left comes again and again');
    },
  };
}

/** None: all succeeded. All: it is told what is no message of the batch. */
function failedIn(answer: unknown, all: Set<string>): Set<string> {
  const { batchItemFailures } = (answer ?? {}) as { batchItemFailures?: unknown };
  if (batchItemFailures == null) return new Set();
  if (!Array.isArray(batchItemFailures)) return all;
  const failed = batchItemFailures.map((failure) => (failure as { itemIdentifier?: unknown }).itemIdentifier);
  return failed.every((id) => typeof id === 'string' && all.has(id)) ? new Set(failed as string[]) : all;
}

const eventOf = (messages: readonly Message[]): SQSEvent => ({
  Records: messages.map(({ id, text, receipt, received }) => ({
    messageId: id,
    receiptHandle: receipt,
    body: text,
    attributes: {
      ApproximateReceiveCount: String(received),
      SentTimestamp: '1763700000000',
      SenderId: '123456789012',
      ApproximateFirstReceiveTimestamp: '1763700000000',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:orders',
    awsRegion: 'eu-west-1',
  })),
});
