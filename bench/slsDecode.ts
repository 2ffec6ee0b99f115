/**
 * How fast an answer of SLS becomes records: ours against protobufjs, in one process, in turns, so that whatever the
 * machine does meanwhile falls on both alike. Prints medians and ratios.
 */
import protobuf from 'protobufjs';
import { decodeLogGroupList } from '../lib/sources/sls/logGroupList.ts';
import { encodeLogGroup, encodeLogGroupList } from '../local/clients/sls/logGroup.ts';
import { bench, ROUNDS, roundsOf } from './support/report.ts';
import { accessLog, fastEnough, READINGS, sideBySide } from './support/sideBySide.ts';

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

const variants = {
  'all fields as strings': {
    ours: () => READINGS['all fields as strings'](decodeLogGroupList(body).records),
    packages: () => overContents((_key, value) => value.length),
  },
  'one field': {
    ours: () => READINGS['one field'](decodeLogGroupList(body).records),
    packages: () => overContents((key, value) => (key === 'status' ? value.length : 0)),
  },
  'no field': {
    ours: () => READINGS['no field'](decodeLogGroupList(body).records),
    packages: () => decodeReference().LogGroups.reduce((sum, { Logs }) => sum + Logs.length, 0),
  },
};

process.exitCode = await bench(
  {
    name: 'slsDecode',
    summary: 'how fast an answer of SLS becomes records, beside protobufjs',
    options: { rounds: ROUNDS },
  },
  (options) => {
    const figures = sideBySide(variants, { against: 'protobufjs', logs: LOGS, rounds: roundsOf(options) });
    return { figures, bars: fastEnough(figures, { 'one field': 2, 'no field': 2 }) };
  },
);

function accessLogs(group: number): Parameters<typeof encodeLogGroup>[0] {
  return {
    topic: 'access',
    source: `10.0.0.${group % 256}`,
    tags: { __hostname__: `web-${group}` },
    logs: Array.from({ length: LOGS_PER_GROUP }, (_, i) => accessLog(group * LOGS_PER_GROUP + i)),
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
