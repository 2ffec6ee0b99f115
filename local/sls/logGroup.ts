import type protobuf from 'protobufjs';
import { type Extent, fieldReader } from '../service/protobuf.ts';
import { refuse } from './errors.ts';
import { CONTENT, LOG, LOG_GROUP } from './schema.ts';

/** API reference, PutLogs: a value is at most 1 MB. */
const VALUE_BYTES_MAX = 1024 * 1024;

const eachField = fieldReader(refuse.bodyNotProtobuf);

/**
 * Number of logs in a LogGroup, all of which is looked at. Refuses with PostBodyInvalid what is none, with PostBodyTooLarge a
 * value over 1 MB.
 */
export function countLogs(bytes: Uint8Array): number {
  let logs = 0;
  const check = (extent: Extent, type: protobuf.Type): void =>
    eachField(bytes, extent, type, (field) => {
      const inside = type.fieldsById[field.number]?.resolvedType;
      if (inside === LOG) logs += 1;
      if (inside) check(field, inside as protobuf.Type);
      const length = field.to - field.from;
      if (type === CONTENT && field.number === 2 && length > VALUE_BYTES_MAX) {
        throw refuse.valueTooLarge(length, VALUE_BYTES_MAX);
      }
    });
  check({ from: 0, to: bytes.byteLength }, LOG_GROUP);
  return logs;
}
