import type { Clock } from '../../lib/runtime.ts';
import { type AwsReply, type AwsRequestSeen, type AwsService, startAwsService } from './awsService.ts';

const DEDUPLICATED_MS = 5 * 60_000;

export interface QueuedMessage {
  id: string;
  body: string;
  group: string | undefined;
  visibleAt: number;
  received: number;
  /** The last receipt that was given for it. */
  receipt: string | undefined;
}

export interface SqsService extends AwsService {
  messages: QueuedMessage[];
  messageBytesMax: number;
  /** Of a batch: the code with which a message of this body is not taken. */
  entryFault: (body: string) => string | undefined;
  /** Its time; that of the test. */
  clock: Pick<Clock, 'now'>;
  clear(): void;
}

type Input = Record<string, string | number | undefined>;

/** Two queues of SQS, which share their messages: `orders.fifo` and `orders`. */
export async function startSqsService(): Promise<SqsService> {
  const sentAt = new Map<string, number>();
  const service = await startAwsService('sqs', (request) => answer(state, request, sentAt));
  const state: SqsService = Object.assign(service, {
    messages: [] as QueuedMessage[],
    messageBytesMax: 1024 * 1024,
    entryFault: () => undefined,
    clock: { now: () => 0 },
    clear() {
      state.messages.length = 0;
      sentAt.clear();
    },
  });
  return state;
}

const error = (code: string): AwsReply => ({
  status: 400,
  body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: `said of ${code}` }),
});
const done = (output: object = {}): AwsReply => ({ body: JSON.stringify(output) });

function answer(state: SqsService, { headers, body }: AwsRequestSeen, sentAt: Map<string, number>): AwsReply {
  const input = JSON.parse(body.toString()) as Input;
  const url = String(input.QueueUrl);
  if (!/\/123456789012\/orders(\.fifo)?$/.test(url)) return error('QueueDoesNotExist');
  const isFifo = url.endsWith('.fifo');
  switch (headers['x-amz-target']) {
    case 'AmazonSQS.SendMessage':
      return send(state, input, isFifo, sentAt);
    case 'AmazonSQS.SendMessageBatch':
      return sendBatch(state, JSON.parse(body.toString()), isFifo, sentAt);
    case 'AmazonSQS.ReceiveMessage':
      return receive(state, input);
    case 'AmazonSQS.DeleteMessage':
      return withReceipt(state, input, isFifo, (message) => {
        state.messages.splice(state.messages.indexOf(message), 1);
      });
    case 'AmazonSQS.ChangeMessageVisibility':
      return withReceipt(state, input, isFifo, (message) => {
        message.visibleAt = state.clock.now() + Number(input.VisibilityTimeout) * 1_000;
      });
    case 'AmazonSQS.GetQueueAttributes': {
      const isVisible = ({ visibleAt }: QueuedMessage) => visibleAt <= state.clock.now();
      const visible = state.messages.filter(isVisible).length;
      const counts = {
        ApproximateNumberOfMessages: String(visible),
        ApproximateNumberOfMessagesDelayed: '0',
        ApproximateNumberOfMessagesNotVisible: String(state.messages.length - visible),
      };
      return done({ Attributes: { ...counts, MaximumMessageSize: String(state.messageBytesMax) } });
    }
    default:
      return error('InvalidAction');
  }
}

function send(state: SqsService, input: Input, isFifo: boolean, sentAt: Map<string, number>): AwsReply {
  const body = String(input.MessageBody);
  const now = state.clock.now();
  if (Buffer.byteLength(body) > state.messageBytesMax) return error('InvalidParameterValue');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML has not.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(body) || !body.isWellFormed()) {
    return error('InvalidMessageContents');
  }
  const { MessageGroupId: group, MessageDeduplicationId: once } = input;
  if (isFifo && (group === undefined || once === undefined)) return error('MissingParameter');
  if (!isFifo && once !== undefined) return error('InvalidParameterValue');
  if (once !== undefined && now - (sentAt.get(String(once)) ?? -Infinity) < DEDUPLICATED_MS)
    return done({ MessageId: 'of-the-first' });
  if (once !== undefined) sentAt.set(String(once), now);
  const id = `message-${state.requests.length}-${state.messages.length}`;
  state.messages.push({ id, body, group: group as string, visibleAt: now, received: 0, receipt: undefined });
  return done({ MessageId: id });
}

const BATCH_COUNT_MAX = 10;
const BATCH_BYTES_MAX = 1024 * 1024;

/** Each by itself, as long as the request is one that is taken. */
function sendBatch(
  state: SqsService,
  { QueueUrl, Entries }: { QueueUrl: string; Entries: (Input & { Id: string })[] },
  isFifo: boolean,
  sentAt: Map<string, number>,
): AwsReply {
  if (Entries.length === 0) return error('EmptyBatchRequest');
  if (Entries.length > BATCH_COUNT_MAX) return error('TooManyEntriesInBatchRequest');
  if (new Set(Entries.map(({ Id }) => Id)).size < Entries.length) return error('BatchEntryIdsNotDistinct');
  const bytes = Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(String(MessageBody)), 0);
  if (bytes > BATCH_BYTES_MAX) return error('BatchRequestTooLong');
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of Entries) {
    const { Id } = entry;
    const fault = state.entryFault(String(entry.MessageBody));
    const { status, body } =
      fault === undefined ? send(state, { QueueUrl, ...entry }, isFifo, sentAt) : error(fault);
    if (status === undefined) Successful.push({ Id, ...JSON.parse(body!) });
    else {
      const Code = JSON.parse(body!).__type.split('#')[1];
      Failed.push({ Id, Code, Message: `said of ${Code}`, SenderFault: !/Internal|Throttled/.test(Code) });
    }
  }
  return done({ Successful, ...(Failed.length > 0 && { Failed }) });
}

function receive(state: SqsService, input: Input): AwsReply {
  const now = state.clock.now();
  const groupsInFlight = new Set(
    state.messages.flatMap(({ group, visibleAt }) => (visibleAt > now && group !== undefined ? group : [])),
  );
  const free = state.messages.filter(
    ({ visibleAt, group }) => visibleAt <= now && (group === undefined || !groupsInFlight.has(group)),
  );
  const taken = free.slice(0, Number(input.MaxNumberOfMessages));
  const Messages = taken.map((message) => {
    message.received++;
    message.visibleAt = now + Number(input.VisibilityTimeout) * 1_000;
    message.receipt = `${message.id}/${message.received}`;
    const Attributes = { ApproximateReceiveCount: String(message.received) };
    return { MessageId: message.id, ReceiptHandle: message.receipt, Body: message.body, Attributes };
  });
  return done(Messages.length === 0 ? {} : { Messages });
}

/** A FIFO queue refuses a receipt whose time is over; another one takes it, and may do nothing. */
function withReceipt(
  state: SqsService,
  input: Input,
  isFifo: boolean,
  act: (message: QueuedMessage) => void,
): AwsReply {
  const message = state.messages.find(({ receipt }) => receipt === input.ReceiptHandle);
  const isOver = message !== undefined && message.visibleAt <= state.clock.now();
  if (isFifo && (message === undefined || isOver)) return error('InvalidParameterValue');
  if (message !== undefined) act(message);
  return done();
}
