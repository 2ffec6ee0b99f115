import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refusal } from '../../../local/service/refusal.ts';
import { countLogs } from '../../../local/sls/logGroup.ts';
import { LogGroup } from './support.ts';

const pair = fc.record({ Key: fc.string(), Value: fc.string() });
const log = fc.record(
  { Time: fc.nat(), Contents: fc.array(pair), Time_ns: fc.nat(999_999_999) },
  { requiredKeys: ['Time'] },
);
const logGroup = fc.record(
  {
    Logs: fc.array(log),
    Category: fc.string(),
    Topic: fc.string(),
    Source: fc.string(),
    MachineUUID: fc.string(),
    LogTags: fc.array(pair),
  },
  { requiredKeys: [] },
);

/** Whether another implementation can read it, as proto2 asks: nothing required is missing. */
function isReadable(bytes: Uint8Array): boolean {
  try {
    LogGroup.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

test('counts the logs of any log group', () => {
  fc.assert(
    fc.property(logGroup, (content) => {
      expect(countLogs(LogGroup.encode(content).finish())).toBe(content.Logs?.length ?? 0);
    }),
  );
});

test('accepts no bytes that protobuf does not, and refuses only with PostBodyInvalid', () => {
  const damaged = fc
    .tuple(logGroup, fc.nat(), fc.nat(255), fc.boolean())
    .map(([content, position, byte, cut]) => {
      const bytes = LogGroup.encode(content).finish();
      if (bytes.length === 0) return bytes;
      const at = position % bytes.length;
      if (cut) return bytes.slice(0, at);
      bytes[at] = byte;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      try {
        countLogs(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
        expect((error as Refusal).code).toBe('PostBodyInvalid');
        return;
      }
      expect(isReadable(bytes)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['a log without a time', [0x0a, 0x00]],
  ['a content without a value', [0x0a, 0x07, 0x08, 0x01, 0x12, 0x03, 0x0a, 0x01, 0x61]],
  ['a tag without a key', [0x32, 0x03, 0x12, 0x01, 0x61]],
  ['a topic that is a number', [0x18, 0x01]],
  ['a length beyond the end', [0x1a, 0x05, 0x61]],
  ['a length without end', [0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ['a field with the number 0', [0x02, 0x00]],
  ['a field with a number that no field can have', [0x88, 0x80, 0x80, 0x80, 0x10, 0x00]],
  ['a group, which proto2 gave up', [0x0b, 0x0c]],
])('refuses %s', (_, bytes) => {
  expect(() => countLogs(Uint8Array.from(bytes))).toThrow('Protobuffer content cannot be parsed.');
});

test('passes over fields it does not know', () => {
  const unknown = [0x78, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 0x01, 0x61, 0x7d, 1, 2, 3, 4];
  expect(countLogs(Uint8Array.from([...unknown, 0x0a, 0x02, 0x08, 0x01]))).toBe(1);
});
