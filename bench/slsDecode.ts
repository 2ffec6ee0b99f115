/**
 * How fast an answer of SLS becomes records: ours against protobufjs, in one process, in turns, so that whatever the
 * machine does meanwhile falls on both alike. Prints medians and ratios: `node bench/slsDecode.ts [rounds]`.
 */
import protobuf from 'protobufjs';
import { encodeLogGroup, encodeLogGroupList } from '../lib/sources/sls/logGroup.ts';
import { decodeLogGroupList } from '../lib/sources/sls/logGroupList.ts';

const rounds = Number(process.argv[2] ?? 30);
const GROUPS = 100;
const LOGS_PER_GROUP = 100;
const LOGS = GROUPS * LOGS_PER_GROUP;

const schema = protobuf
  .parse(
    `syntax = "proto2";
     message Content { required string Key = 1; required string Value = 2; }
     message Log { required uint32 Time = 1; repeated Content Contents = 2; optional fixed32 Time_ns = 4; }
     message LogGroup {
       repeated Log Logs = 1; optional string Category = 2; optional string Topic = 3; optional string Source = 4;
       optional string MachineUUID = 5; repeated Content LogTags = 6;
     }
     message LogGroupList { repeated LogGroup LogGroups = 1; }`,
    { keepCase: true },
  )
  .root.lookupType('LogGroupList');

interface List {
  LogGroups: { Logs: { Time: number; Contents: { Key: string; Value: string }[] }[] }[];
}

const body = encodeLogGroupList(
  Array.from({ length: GROUPS }, (_, group) => encodeLogGroup(accessLogs(group))),
);

/** Every variant answers with a number that depends on all it read, so that nothing is optimised away. */
const variants: Record<string, { ours: () => number; protobufjs: () => number }> = {
  'all fields as strings': {
    ours: () => {
      let sum = 0;
      for (const record of decodeLogGroupList(body).records) {
        const fields = record.toObject();
        for (const name in fields) sum += fields[name]!.length;
      }
      return sum;
    },
    protobufjs: () => overContents((_key, value) => value.length),
  },
  'one field': {
    ours: () => {
      let sum = 0;
      for (const record of decodeLogGroupList(body).records) sum += record.get('status')!.length;
      return sum;
    },
    protobufjs: () => overContents((key, value) => (key === 'status' ? value.length : 0)),
  },
  'no field': {
    ours: () => {
      let count = 0;
      for (const _ of decodeLogGroupList(body).records) count++;
      return count;
    },
    protobufjs: () => decodeReference().LogGroups.reduce((sum, { Logs }) => sum + Logs.length, 0),
  },
};

for (const [name, { ours, protobufjs }] of Object.entries(variants)) {
  if (ours() !== protobufjs()) throw new Error(`${name}: the decoders disagree`);
  const times: { ours: number[]; protobufjs: number[] } = { ours: [], protobufjs: [] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(durationMs(ours));
    times.protobufjs.push(durationMs(protobufjs));
  }
  const [mine, theirs] = [median(times.ours), median(times.protobufjs)];
  const rate = (ms: number): string => `${Math.round(LOGS / ms)}k rows/s`;
  console.log(
    `${name.padEnd(22)} ours ${rate(mine).padStart(14)}   protobufjs ${rate(theirs).padStart(12)}   × ${(theirs / mine).toFixed(2)}`,
  );
}

function accessLogs(group: number): Parameters<typeof encodeLogGroup>[0] {
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
  return {
    topic: 'access',
    source: `10.0.0.${group % 256}`,
    tags: { __hostname__: `web-${group}` },
    logs: Array.from({ length: LOGS_PER_GROUP }, (_, i) => log(group * LOGS_PER_GROUP + i)),
  };
}

function overContents(visit: (key: string, value: string) => number): number {
  let sum = 0;
  for (const group of decodeReference().LogGroups) {
    for (const log of group.Logs) {
      for (const content of log.Contents) sum += visit(content.Key, content.Value);
    }
  }
  return sum;
}

function decodeReference(): List {
  return schema.decode(body) as unknown as List;
}

function durationMs(work: () => number): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
