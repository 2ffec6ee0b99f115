/**
 * How fast an answer of CLS becomes records: ours against what packages do (snappyjs, protobufjs), in one process, in turns,
 * so that whatever the machine does meanwhile falls on both alike. Prints medians and ratios.
 */
import protobuf from 'protobufjs';
import snappyjs from 'snappyjs';
import { decodeMessages } from '../lib/sources/cls/frame.ts';
import { parseJson } from '../lib/sources/cls/json.ts';
import { snappyDecompress } from '../lib/sources/cls/snappy.ts';
import { encodeLogGroup } from '../local/clients/cls/logGroup.ts';
import { bench, ROUNDS, roundsOf } from './support/report.ts';
import { accessLog, fastEnough, READINGS, sideBySide } from './support/sideBySide.ts';

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

const variants = {
  'decompression alone': {
    ours: () => snappyDecompress(block, BYTES_MAX).length,
    packages: () => snappyjs.uncompress(block).length,
  },
  'all fields as strings': {
    ours: () => READINGS['all fields as strings'](ours()),
    packages: () => overContents((_key, value) => value.length),
  },
  'one field': {
    ours: () => READINGS['one field'](ours()),
    packages: () => overContents((key, value) => (key === 'status' ? value.length : 0)),
  },
  'no field': {
    ours: () => READINGS['no field'](ours()),
    packages: () => packages().reduce((sum, { logs }) => sum + logs.length, 0),
  },
};

process.exitCode = await bench(
  {
    name: 'clsDecode',
    summary: 'how fast an answer of CLS becomes records, beside snappyjs and protobufjs',
    options: { rounds: ROUNDS },
  },
  (options) => {
    const figures = sideBySide(variants, { against: 'packages', logs: LOGS, rounds: roundsOf(options) });
    return { figures, bars: fastEnough(figures, { 'no field': 1 }) };
  },
);

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
  const group = encodeLogGroup({
    filename: '/var/log/access.log',
    source: `10.0.0.${message % 256}`,
    tags: { region: 'eu' },
    logs: Array.from({ length: LOGS_PER_MESSAGE }, (_, i) => accessLog(message * LOGS_PER_MESSAGE + i)),
  });
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeInt32BE(130, 0);
  head.writeInt32BE(group.length, 92);
  return Buffer.concat([head, group]).toString('base64');
}
