/** The calls of SQS that dead letters need, of one queue. */
import { createHash } from 'node:crypto';
import { objectIn, refusalIn } from '../../credentials/awsAnswer.ts';
import {
  type AwsSenderOptions,
  type AwsWords,
  createAwsSender,
  unusable,
} from '../../credentials/awsSender.ts';
import { StoreError } from '../../errors.ts';
import type { HttpResponse } from '../../http/exchange.ts';
import type { CallOptions } from './deadLetters.ts';

export interface SqsOptions extends Omit<AwsSenderOptions, 'service' | 'originIn'> {
  url: string;
}

export interface Message {
  /** The same whenever it is received. */
  id: string;
  text: string;
  /** Of this time that it was received. */
  receipt: string;
  /** How often it has been received. */
  received: number;
}

export interface SqsQueue {
  /** A FIFO queue takes the same id once within five minutes. */
  send(text: string, id: string, options: CallOptions): Promise<void>;
  /** Some, which nobody else is given for so many seconds; none: there are none. */
  receive(most: number, seconds: number, options: CallOptions): Promise<Message[]>;
  /** False: its time was over. */
  remove(receipt: string, options: CallOptions): Promise<boolean>;
  /** Gives it back at once. False: its time was over. */
  giveBack(receipt: string, options: CallOptions): Promise<boolean>;
  attributes(options: CallOptions): Promise<{ messages: number; messageBytesMax: number }>;
}

/** A queue answers as soon as there is a message; without waiting, it looks at some of its servers only. */
const WAIT_SECONDS = 2;
/** Of a queue that was made before there were larger messages, and does not say. */
const MESSAGE_BYTES_MAX = 256 * 1024;
/** What SQS says of a receipt whose time is over, or whose message is gone. */
const OVER = /ReceiptHandleIsInvalid|MessageNotInflight|InvalidParameterValue|InvalidIdFormat/;

export function createSqsQueue(options: SqsOptions): SqsQueue {
  const { url } = options;
  const isFifo = url.endsWith('.fifo');
  const { origin } = new URL(url);
  const send = createAwsSender({ ...options, service: 'sqs', originIn: () => origin }, wordsOf(url));

  async function call(name: string, input: object, { signal }: CallOptions): Promise<Answer> {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${name}` };
    const body = JSON.stringify({ QueueUrl: url, ...input });
    const action = `sqs:${name}`;
    const request = { action, method: 'POST', path: '/', headers, body, signal };
    // Whoever sends again what was not answered may send it twice; whoever does not, does so in the next tick.
    return answerIn(await send(request), action);
  }

  const unlessOver = async (calling: Promise<unknown>): Promise<boolean> => {
    try {
      await calling;
      return true;
    } catch (error) {
      if (error instanceof StoreError && OVER.test(error.code)) return false;
      throw error;
    }
  };

  return {
    async send(text, id, options) {
      const hash = createHash('sha256').update(id).digest('hex');
      // Each is a group of its own: one that is in somebody's hands holds up no other.
      const fifo = isFifo && { MessageGroupId: hash, MessageDeduplicationId: hash };
      const { MessageId } = await call('SendMessage', { MessageBody: text, ...fifo }, options);
      // Whoever answers without it is not the queue, and the letter is nowhere.
      if (typeof MessageId !== 'string') throw unusable('sqs:SendMessage', 200);
    },
    async receive(most, seconds, options) {
      const input = {
        MaxNumberOfMessages: most,
        VisibilityTimeout: seconds,
        WaitTimeSeconds: WAIT_SECONDS,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      };
      const { Messages } = await call('ReceiveMessage', input, options);
      return (Array.isArray(Messages) ? Messages : []).map(messageIn);
    },
    remove: (receipt, options) => unlessOver(call('DeleteMessage', { ReceiptHandle: receipt }, options)),
    giveBack(receipt, options) {
      const input = { ReceiptHandle: receipt, VisibilityTimeout: 0 };
      return unlessOver(call('ChangeMessageVisibility', input, options));
    },
    async attributes(options) {
      const input = { AttributeNames: [...COUNTS, 'MaximumMessageSize'] };
      const attributes = ((await call('GetQueueAttributes', input, options)).Attributes ?? {}) as Answer;
      const messages = COUNTS.reduce((sum, name) => sum + Number(attributes[name] ?? 0), 0);
      return { messages, messageBytesMax: Number(attributes.MaximumMessageSize ?? MESSAGE_BYTES_MAX) };
    },
  };
}

type Answer = Record<string, unknown>;

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
];

function messageIn(message: Answer): Message {
  const { ApproximateReceiveCount } = (message.Attributes ?? {}) as Answer;
  return {
    id: String(message.MessageId ?? ''),
    text: String(message.Body ?? ''),
    receipt: String(message.ReceiptHandle ?? ''),
    received: Number(ApproximateReceiveCount ?? 1),
  };
}

function answerIn({ status, body }: HttpResponse, action: string): Answer {
  // Of some calls the answer is nothing.
  const answer = body.length === 0 ? {} : objectIn(body.toString());
  if (status === 200 && answer !== undefined) return answer;
  throw unusable(action, status);
}

function wordsOf(url: string): AwsWords {
  const named = `the queue ${url} of SHARDBEAT_DEAD_LETTERS`;
  return {
    refusalIn,
    remedyFor(code, action) {
      if (/QueueDoesNotExist|NonExistentQueue/.test(code))
        return `there is no ${named.slice(4)}: make it, or correct the setting`;
      if (/AccessDenied|status 403/.test(code)) return `let the function's role do ${action} in ${named}`;
      return undefined;
    },
  };
}
