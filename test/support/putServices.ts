/**
 * What takes a list of entries and answers each by itself: EventBridge's PutEvents, Kinesis' PutRecords and Firehose's PutRecordBatch, with the
 * limits that their API references state. Not the services: a request that breaks a limit is refused as a whole, as they do.
 */
import { type AwsReply, type AwsService, startAwsService } from './awsService.ts';

type Fields = Record<string, string>;

interface Contract {
  target: string;
  /** Of the request, and of the answer. */
  entries: string;
  answers: string;
  countMax: number;
  bytesMax: number;
  entryBytesMax: number;
  bytesOf(entry: Fields): number;
}

const data = (entry: Fields): number => Buffer.from(entry.Data!, 'base64').length;
const text = (...texts: string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
const MIB = 1024 * 1024;

const CONTRACTS = {
  events: {
    ...{ target: 'AWSEvents.PutEvents', entries: 'Entries', answers: 'Entries' },
    ...{ countMax: 10, bytesMax: MIB, entryBytesMax: MIB },
    bytesOf: ({ Source, DetailType, Detail }) => 14 + text(Source!, DetailType!, Detail!),
  },
  kinesis: {
    ...{ target: 'Kinesis_20131202.PutRecords', entries: 'Records', answers: 'Records' },
    ...{ countMax: 500, bytesMax: 10 * MIB, entryBytesMax: MIB },
    bytesOf: (entry) => data(entry) + text(entry.PartitionKey!),
  },
  firehose: {
    ...{ target: 'Firehose_20150804.PutRecordBatch', entries: 'Records', answers: 'RequestResponses' },
    ...{ countMax: 500, bytesMax: 4 * MIB, entryBytesMax: 1_000 * 1024 },
    bytesOf: data,
  },
} satisfies Record<string, Contract>;

export interface PutService extends AwsService {
  /** Entries that were taken, in order; and of each request, how many there were. */
  taken: Fields[];
  counts: number[];
  /** The code with which an entry is not taken. */
  entryFault: (entry: Fields) => string | undefined;
}

export async function startPutService(name: keyof typeof CONTRACTS): Promise<PutService> {
  const contract: Contract = CONTRACTS[name];
  const service = await startAwsService(name, ({ headers, body }): AwsReply => {
    const refusal = (code: string): AwsReply => ({ status: 400, body: JSON.stringify({ __type: code }) });
    if (headers['x-amz-target'] !== contract.target) return refusal('UnknownOperationException');
    const entries = JSON.parse(body.toString())[contract.entries] as Fields[];
    const sizes = entries.map((entry) => contract.bytesOf(entry));
    const isWithin =
      entries.length >= 1 &&
      entries.length <= contract.countMax &&
      sizes.reduce((sum, bytes) => sum + bytes, 0) <= contract.bytesMax &&
      sizes.every((bytes) => bytes <= contract.entryBytesMax);
    if (!isWithin) return refusal('ValidationException');
    state.counts.push(entries.length);
    const answers = entries.map((entry) => {
      const ErrorCode = state.entryFault(entry);
      if (ErrorCode !== undefined) return { ErrorCode, ErrorMessage: `said of ${ErrorCode}` };
      state.taken.push(entry);
      return {};
    });
    return { body: JSON.stringify({ [contract.answers]: answers }) };
  });
  const state: PutService = Object.assign(service, { taken: [], counts: [], entryFault: () => undefined });
  return state;
}
