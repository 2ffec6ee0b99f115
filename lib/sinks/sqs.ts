/** Messages to a queue of SQS. */
import { createHash } from 'node:crypto';
import { THROTTLED } from '../credentials/awsSender.ts';
import type { Batch } from '../delivery/userModule.ts';
import { SettingsError, ShardbeatError } from '../errors.ts';
import type { LogRecord } from '../sources/source.ts';
import { type AwsSinkOptions, createAwsJson } from './core/aws.ts';
import { checkCount, checkUrl } from './core/checks.ts';
import { documentOf, entriesOf, jsonOf, streamOf, type Transform } from './core/entry.ts';
import { type Answer, createSink, DONE, type Sink } from './core/sink.ts';

export type { RecordDocument, Transform } from './core/entry.ts';

/** Which queue, and what a message is. */
export interface SqsSinkOptions extends AwsSinkOptions {
  readonly queueUrl: string;
  /** What becomes the body of a message: a text as it is, anything else as JSON. Unless set, the record as an object. */
  readonly transform?: Transform | undefined;
  /**
   * Of a FIFO queue: what must stay in order. Unless set, the shard of the record; then messages go one by one, as those of one group always
   * do. Of any other queue, which has no order, there is none.
   */
  readonly messageGroup?: ((record: LogRecord, batch: Batch) => string) | undefined;
  /** What the queue takes (`MaximumMessageSize`), if less than 1 MiB. */
  readonly messageBytesMax?: number | undefined;
  /** Requests at a time; 8 unless set. */
  readonly parallelMax?: number | undefined;
}

/** "SendMessageBatch", API reference of SQS: so many messages, and so many bytes of them all. */
const MESSAGES_MAX = 10;
const BYTES_MAX = 1024 * 1024;
/** The same, "MessageGroupId": of these characters, no more than 128. */
const GROUP = /^[!-~]{1,128}$/;
const PARALLEL_MAX = 8;
const PARALLEL_MOST = 64;

interface Message {
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

interface Failure {
  readonly Id?: string;
  readonly Code?: string;
  readonly Message?: string;
  readonly SenderFault?: boolean;
}

/** Sends each record as a message. A FIFO queue is told which one it is: what comes again within five minutes it takes once. */
export function sqsSink(options: SqsSinkOptions): Sink {
  const { queueUrl, transform = documentOf, messageGroup, parallelMax = PARALLEL_MAX } = options;
  const { messageBytesMax = BYTES_MAX } = options;
  const { origin, pathname } = checkUrl('sqsSink: queueUrl', queueUrl);
  const isFifo = pathname.endsWith('.fifo');
  if (messageGroup !== undefined && !isFifo) {
    throw new SettingsError('sqsSink: messageGroup', '(set)', 'leave it out, or take a FIFO queue');
  }
  checkCount('sqsSink: messageBytesMax', messageBytesMax, BYTES_MAX);
  checkCount('sqsSink: parallelMax', parallelMax, PARALLEL_MOST);
  const named = `queue ${queueUrl}`;
  const operation = { service: 'sqs', target: 'AmazonSQS.SendMessageBatch', version: '1.0' } as const;
  const call = createAwsJson({ ...operation, named, origin }, options);

  const messageOf = (body: string, record: LogRecord, batch: Batch, id: string): Message => {
    if (!isFifo) return { MessageBody: body };
    const group = messageGroup?.(record, batch) ?? shardGroup(batch);
    if (!GROUP.test(group))
      throw refusal(
        `${JSON.stringify(group.slice(0, 200))} is no message group: it has 1 to 128 printable characters`,
      );
    return {
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: sha256(`${batch.group}/${id}`),
    };
  };

  return createSink<Message>(
    {
      name: 'sqs',
      limits: { countMax: MESSAGES_MAX, bytesMax: BYTES_MAX, entryBytesMax: messageBytesMax },
      parallelMax,
      read: (batch) =>
        entriesOf(batch, transform, ({ value, record, id }) => {
          const body = bodyOf(value);
          const message = messageOf(body, record, batch, id);
          return { value: message, bytes: Buffer.byteLength(body), key: message.MessageGroupId };
        }),
      async send(entries, _batch, signal) {
        const Entries = entries.map(({ value }, index) => ({ Id: String(index), ...value }));
        const { Failed } = await call({ QueueUrl: queueUrl, Entries }, signal);
        const failures = new Map(
          (Array.isArray(Failed) ? (Failed as Failure[]) : []).map((of) => [of.Id, of]),
        );
        return entries.map((_entry, index) => answerOf(failures.get(String(index))));
      },
    },
    options,
  );
}

function answerOf(failure: Failure | undefined): Answer {
  if (failure === undefined) return DONE;
  const { Code = 'unknown', Message = '', SenderFault } = failure;
  const error = refusal(`SQS did not take the message: ${Code}: ${Message}`);
  return { how: SenderFault === false || THROTTLED.test(Code) ? 'again' : 'refused', error };
}

/** A message holds what XML does. What JSON can write otherwise it does; in a text it is the record's fault. */
function bodyOf(value: unknown): string {
  if (typeof value === 'string') {
    const [character] = NOT_OF_XML.exec(value) ?? (value.isWellFormed() ? [] : ['half of a character']);
    if (character !== undefined) throw refusal(`a message cannot have ${JSON.stringify(character)} in it`);
    if (value === '') throw refusal('a message cannot be empty: return undefined for what is not to be sent');
    return value;
  }
  return jsonOf(value).replace(
    /[\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these it is that are not taken.
const NOT_OF_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

function shardGroup(batch: Batch): string {
  const name = `${streamOf(batch)}/${batch.shard}`;
  return GROUP.test(name) ? name : sha256(name);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const refusal = (message: string): ShardbeatError => new ShardbeatError(message, { retriable: false });
