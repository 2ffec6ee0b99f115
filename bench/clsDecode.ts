/**
 * How fast an answer of CLS becomes records: ours against what packages do (snappyjs, protobufjs), in one process, in turns,
 * so that whatever the machine does meanwhile falls on both alike. Prints medians and ratios:
 * `node bench/clsDecode.ts [rounds]`.
 */
import protobuf from 'protobufjs';
import snappyjs from 'snappyjs';
import { decodeMessages } from '../lib/sources/cls/frame.ts';
import { parseJson } from '../lib/sources/cls/json.ts';
import { encodeLogGroup } from '../lib/sources/cls/logGroup.ts';
import { snappyDecompress } from '../lib/sources/cls/snappy.ts';

const rounds = Number(process.argv[2] ?? 30);
const MESSAGES = 100;
const LOGS_PER_MESSAGE = 100;
const LOGS = MESSAGES * LOGS_PER_MESSAGE;
const HEAD_BYTES = 96;
const BYTES_MAX = 64 * 1024 * 1024;

const schema = protobuf
  .parse(
    `syntax = "proto2";
     message Content { required string key = 1; required string value = 2; }
     message Log { required int64 time = 1; repeated Content contents = 2; }
     message LogGroup {
       repeated Log logs = 1; optional string contextFlow = 2; optional string filename = 3; optional string source = 4;
       repeated Content logTags = 5; optional string hostname = 6;
     }`,
    { keepCase: true },
  )
  .root.lookupType('LogGroup');

interface Group {
  logs: { contents: { key: string; value: string }[] }[];
}
interface Answer {
  Response: { Message: string[] };
}

const raw = Buffer.from(
  JSON.stringify({
    Response: { NextOffset: MESSAGES, Message: Array.from({ length: MESSAGES }, messageOf) },
  }),
);
const block = snappyjs.compress(raw);

/** Every variant answers with a number that depends on all it read, so that nothing is optimised away. */
const variants: Record<string, { ours: () => number; packages: () => number }> = {
  'decompression alone': {
    ours: () => snappyDecompress(block, BYTES_MAX).length,
    packages: () => snappyjs.uncompress(block).length,
  },
  'all fields as strings': {
    ours: () => {
      let sum = 0;
      for (const record of ours()) {
        const fields = record.toObject();
        for (const name in fields) sum += fields[name]!.length;
      }
      return sum;
    },
    packages: () => overContents((_key, value) => value.length),
  },
  'one field': {
    ours: () => {
      let sum = 0;
      for (const record of ours()) sum += record.get('status')!.length;
      return sum;
    },
    packages: () => overContents((key, value) => (key === 'status' ? value.length : 0)),
  },
  'no field': {
    ours: () => {
      let count = 0;
      for (const _ of ours()) count++;
      return count;
    },
    packages: () => packages().reduce((sum, { logs }) => sum + logs.length, 0),
  },
};

for (const [name, { ours, packages }] of Object.entries(variants)) {
  if (ours() !== packages()) throw new Error(`${name}: the decoders disagree`);
  const times: { ours: number[]; packages: number[] } = { ours: [], packages: [] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(durationMs(ours));
    times.packages.push(durationMs(packages));
  }
  const [mine, theirs] = [median(times.ours), median(times.packages)];
  const rate = (ms: number): string => `${Math.round(LOGS / ms)}k rows/s`;
  console.log(
    `${name.padEnd(22)} ours ${rate(mine).padStart(14)}   packages ${rate(theirs).padStart(14)}   × ${(theirs / mine).toFixed(2)}`,
  );
}

function ours() {
  const { Response } = parseJson(snappyDecompress(block, BYTES_MAX).toString()) as Answer;
  return decodeMessages(Response.Message, 'topic', undefined).records;
}

function packages(): Group[] {
  const { Response } = JSON.parse(Buffer.from(snappyjs.uncompress(block)).toString()) as Answer;
  return Response.Message.map(
    (text) => schema.decode(Buffer.from(text, 'base64').subarray(HEAD_BYTES)) as unknown as Group,
  );
}

function overContents(visit: (key: string, value: string) => number): number {
  let sum = 0;
  for (const { logs } of packages()) {
    for (const { contents } of logs) {
      for (const { key, value } of contents) sum += visit(key, value);
    }
  }
  return sum;
}

function messageOf(_: unknown, message: number): string {
  const log = (i: number) => ({
    timeMs: 1_767_225_600_000 + i,
    fields: {
      client: `203.0.113.${i % 256}`,
      method: i % 7 === 0 ? 'POST' : 'GET',
      path: `/presentations/logstash-monitorama-2013/images/kibana-dashboard${i}.png`,
      protocol: 'HTTP/1.1',
      status: i % 11 === 0 ? '404' : '200',
      bytes: `${(i * 7919) % 100_000}`,
      referrer: 'http://semicomplete.com/presentations/logstash-monitorama-2013/',
      agent:
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0 Safari/537.36',
      durationMs: `${i % 997}`,
      traceId: (i * 2_654_435_761).toString(16).padStart(32, '0'),
    },
  });
  const group = encodeLogGroup({
    filename: '/var/log/access.log',
    source: `10.0.0.${message % 256}`,
    tags: { region: 'eu' },
    logs: Array.from({ length: LOGS_PER_MESSAGE }, (_, i) => log(message * LOGS_PER_MESSAGE + i)),
  });
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeInt32BE(130, 0);
  head.writeInt32BE(group.length, 92);
  return Buffer.concat([head, group]).toString('base64');
}

function durationMs(work: () => number): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
