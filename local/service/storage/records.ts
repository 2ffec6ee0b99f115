import type { SQLOutputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { StoredGroup } from '../log.ts';
import type { Database } from './database.ts';
import { damaged } from './unusable.ts';

/** A shard of a logstore, or a partition of a topic. */
export interface LogKey {
  readonly stream: string;
  readonly shard: number;
}

/** The groups of all logs. */
export interface Records {
  /** Those of a log that begins at a position. Throws a SettingsError for `data` if one is missing or damaged. */
  of(log: LogKey, firstPosition: bigint): StoredGroup[];
  /** All logs that have any. */
  logs(): LogKey[];
  append(log: LogKey, position: bigint, bytes: Uint8Array, receivedAtSec: number): StoredGroup;
  deleteBefore(log: LogKey, position: bigint): void;
  deleteLog(log: LogKey): void;
  deleteStream(stream: string): void;
}

export function createRecords({ prepare, path }: Database): Records {
  const columns = 'id, position, receivedAtSec, bytes, crc32';
  const selectLog = prepare(`SELECT ${columns} FROM record WHERE stream = ? AND shard = ? ORDER BY position`);
  const selectOne = prepare(`SELECT ${columns} FROM record WHERE id = ?`);
  const selectLogs = prepare('SELECT DISTINCT stream, shard FROM record');
  const insert = prepare(
    'INSERT INTO record (stream, shard, position, receivedAtSec, bytes, crc32) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const removeBefore = prepare('DELETE FROM record WHERE stream = ? AND shard = ? AND position < ?');
  const removeLog = prepare('DELETE FROM record WHERE stream = ? AND shard = ?');
  const removeStream = prepare('DELETE FROM record WHERE stream = ?');
  // Positions have 64 bits.
  for (const statement of [selectLog, selectOne]) statement.setReadBigInts(true);

  /** Whatever changed since it was written, it is noticed here. */
  const recordOf = (log: LogKey, row: Readonly<Record<string, SQLOutputValue>>): StoredRecord => {
    const position = row.position as bigint;
    const receivedAtSec = Number(row.receivedAtSec);
    const record = { id: row.id as bigint, position, receivedAtSec, bytes: row.bytes as Uint8Array };
    if (Number(row.crc32) === checksumOf(log, record)) return record;
    throw damaged(
      path,
      `the group at position ${position} of ${nameOf(log)} is damaged. ${remedyOf(log, position)}`,
    );
  };
  const remedyOf = ({ stream, shard }: LogKey, position: bigint): string => {
    const where = `stream = '${stream}' AND shard = ${shard} AND position >= ${position}`;
    return `To go on without it and what follows: sqlite3 '${path}' "DELETE FROM record WHERE ${where}"`;
  };
  const storedGroup = (log: LogKey, { id, receivedAtSec, bytes }: StoredRecord): StoredGroup => ({
    receivedAtSec,
    byteLength: bytes.byteLength,
    read: () => recordOf(log, selectOne.get(id)!).bytes,
  });

  return {
    of: (log, firstPosition) => {
      const groups: StoredGroup[] = [];
      for (const row of selectLog.iterate(log.stream, log.shard)) {
        const record = recordOf(log, row);
        const due = firstPosition + BigInt(groups.length);
        if (record.position !== due) {
          throw damaged(path, `the group at position ${due} of ${nameOf(log)} is missing`);
        }
        groups.push(storedGroup(log, record));
      }
      return groups;
    },
    logs: () =>
      selectLogs.all().map(({ stream, shard }) => ({ stream: String(stream), shard: Number(shard) })),
    append: (log, position, bytes, receivedAtSec) => {
      const record = { position, receivedAtSec, bytes };
      const { lastInsertRowid: id } = insert.run(
        ...[log.stream, log.shard, position, receivedAtSec, bytes, checksumOf(log, record)],
      );
      return storedGroup(log, { id: BigInt(id), ...record });
    },
    deleteBefore: ({ stream, shard }, position) => {
      removeBefore.run(stream, shard, position);
    },
    deleteLog: ({ stream, shard }) => {
      removeLog.run(stream, shard);
    },
    deleteStream: (stream) => {
      removeStream.run(stream);
    },
  };
}

interface StoredRecord {
  readonly id: bigint;
  readonly position: bigint;
  readonly receivedAtSec: number;
  readonly bytes: Uint8Array;
}

function checksumOf(
  { stream, shard }: LogKey,
  { position, receivedAtSec, bytes }: Omit<StoredRecord, 'id'>,
): number {
  return crc32(bytes, crc32(`${stream} ${shard} ${position} ${receivedAtSec}`));
}

function nameOf({ stream, shard }: LogKey): string {
  return `shard ${shard} of ${stream}`;
}
