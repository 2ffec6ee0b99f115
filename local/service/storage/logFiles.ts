import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredGroup } from '../log.ts';
import type { OpenFiles } from './openFiles.ts';
import { encodeRecord, RECORD_HEAD_BYTES, type SegmentFormat, scanSegment } from './segment.ts';
import { damaged } from './unusable.ts';

/** The groups of one log: segments in a directory of their own, each named by the position of its first group. */
export interface LogFiles {
  append(group: Uint8Array, receivedAtSec: number): StoredGroup;
  /** Deletes the segments all of whose groups are before a position. */
  dropBefore(position: bigint): void;
  /** Closes the files, as before they are deleted. */
  forget(): void;
}

interface Segment {
  readonly path: string;
  readonly first: bigint;
  count: number;
  /** Where the next record goes. */
  end: number;
  /** Something may be behind that: a write failed. */
  isTorn: boolean;
}

/** A segment that is larger than this gets no more groups. */
const SEGMENT_BYTES_MAX = 16 * 1024 * 1024;

/** What segments are written with. */
interface Means {
  readonly files: OpenFiles;
  readonly format: SegmentFormat;
}

/**
 * Opens the directory of a log, made if there is none, and finds its groups. What an interrupted write left at the end
 * is cut off. Throws a SettingsError for `data` if something else is missing or damaged.
 */
export function openLogFiles(
  directory: string,
  knownFirstPosition: bigint,
  means: Means,
): { logFiles: LogFiles; groups: StoredGroup[]; firstPosition: bigint } {
  mkdirSync(directory, { recursive: true });
  const paths = readdirSync(directory)
    .filter((name) => /^\d{1,19}\.log$/.test(name))
    .sort((one, other) => (BigInt(one.slice(0, -4)) < BigInt(other.slice(0, -4)) ? -1 : 1))
    .map((name) => join(directory, name));
  const segments: Segment[] = [];
  const groups: StoredGroup[] = [];
  for (const path of paths) {
    const first = BigInt(path.slice(directory.length + 1, -4));
    const before = segments.at(-1);
    if (before && before.first + BigInt(before.count) !== first)
      throw damaged(path, 'groups before it are missing');
    const { segment, records } = loadSegment(path, first, path === paths.at(-1), means);
    segments.push(segment);
    groups.push(...records);
  }
  const begin = segments[0]?.first ?? knownFirstPosition;
  const expired = Math.max(0, Number(knownFirstPosition - begin));
  const firstPosition = begin + BigInt(expired);
  if (expired > groups.length) throw damaged(directory, 'groups at its end are missing');
  return {
    logFiles: createLogFiles(directory, segments, firstPosition + BigInt(groups.length - expired), means),
    groups: groups.slice(expired),
    firstPosition,
  };
}

function loadSegment(
  path: string,
  first: bigint,
  isLast: boolean,
  { files, format }: Means,
): { segment: Segment; records: StoredGroup[] } {
  const scan = scanSegment(readFileSync(path), format);
  if (!scan) throw damaged(path, 'it was not written by this version');
  const { records, end, tail } = scan;
  if (tail === 'torn' && !isLast) throw damaged(path, `cut short at byte ${end}`);
  // The groups before are whole; those behind may be, so that nothing is cut off here.
  if (tail === 'damaged') {
    const cut = isLast ? `. To go on without what follows, cut it off there: truncate -s ${end}` : '';
    throw damaged(path, `damaged at byte ${end}, behind ${records.length} whole groups${cut}`);
  }
  if (tail === 'torn') {
    files.truncate(path, end);
    if (end === 0) files.write(path, 0, format.head);
  }
  const segment = {
    path,
    first,
    count: records.length,
    end: Math.max(end, format.head.byteLength),
    isTorn: false,
  };
  return { segment, records: records.map((record) => storedGroup(files, path, record)) };
}

function createLogFiles(
  directory: string,
  segments: Segment[],
  end: bigint,
  { files, format }: Means,
): LogFiles {
  let next = end;
  const startSegment = (): Segment => {
    const path = join(directory, `${next}.log`);
    files.write(path, 0, format.head);
    const segment = { path, first: next, count: 0, end: format.head.byteLength, isTorn: false };
    segments.push(segment);
    return segment;
  };
  const remove = (segment: Segment): void => {
    files.forget(segment.path);
    rmSync(segment.path, { force: true });
    segments.splice(segments.indexOf(segment), 1);
  };

  return {
    append: (group, receivedAtSec) => {
      const last = segments.at(-1);
      if (last) mend(last, files);
      const segment = !last || last.end > SEGMENT_BYTES_MAX ? startSegment() : last;
      const record = encodeRecord(group, receivedAtSec);
      segment.isTorn = true;
      files.write(segment.path, segment.end, record);
      segment.isTorn = false;
      const offset = segment.end + RECORD_HEAD_BYTES;
      segment.end += record.byteLength;
      segment.count += 1;
      next += 1n;
      return storedGroup(files, segment.path, { offset, byteLength: group.byteLength, receivedAtSec });
    },
    dropBefore: (position) => {
      const isOver = ({ first, count }: Segment): boolean => first + BigInt(count) <= position;
      // The last one says where the log ends. It may go once another one says so.
      const last = segments.at(-1);
      if (last && last.count > 0 && isOver(last)) {
        mend(last, files);
        startSegment();
      }
      for (const segment of segments.slice(0, -1)) {
        if (isOver(segment)) remove(segment);
      }
    },
    forget: () => {
      for (const { path } of segments) files.forget(path);
    },
  };
}

/** Cuts off what a failed write left behind, before anything else is written there. */
function mend(segment: Segment, files: OpenFiles): void {
  if (!segment.isTorn) return;
  files.truncate(segment.path, segment.end);
  segment.isTorn = false;
}

function storedGroup(
  files: OpenFiles,
  path: string,
  { offset, byteLength, receivedAtSec }: { offset: number; byteLength: number; receivedAtSec: number },
): StoredGroup {
  return { receivedAtSec, byteLength, read: () => files.read(path, offset, byteLength) };
}
