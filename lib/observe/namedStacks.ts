/**
 * Stacks that name sources, from the first one on that anybody asks for, and at no cost before. With `--enable-source-maps` Node reads
 * the map of a bundle when it loads it: at every cold start, though hardly any of them has an error to tell.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Origin, originsOf, type Place, type SourceMapText } from './sourceMap.ts';

/** So that whoever writes an error a thousand times does not read the map as often. */
const PLACES_MAX = 2_000;
const SEPARATOR = '\n    at ';
/** Modules of Node have no maps, and those of packages lead to files that nobody has. */
const WITHOUT_MAP = /^node:|[\\/]node_modules[\\/]/;

type Prepare = (error: Error, calls: NodeJS.CallSite[]) => unknown;
/** Where a place of a file came from, if that is known. */
type OriginAt = (file: string, place: Place) => Origin | undefined;

/**
 * Has the stacks of all errors of this process name sources, by the map beside the file of each call. Does nothing where Node does so
 * itself. What cannot be named is written as Node writes it.
 */
export function nameStacks(): void {
  if (process.sourceMapsEnabled) return;
  const plain: Prepare =
    Error.prepareStackTrace ?? ((error, calls) => [String(error), ...calls].join(SEPARATOR));
  const origins = createOrigins();
  Error.prepareStackTrace = (error, calls) => {
    try {
      const originAt = origins(calls.flatMap(placesOf));
      const lines = calls.map((call, index) => lineOf(call, calls[index + 1], originAt));
      return [plain(error, []), ...lines].join(SEPARATOR);
    } catch {
      return plain(error, calls);
    }
  };
}

interface FilePlace extends Place {
  readonly file: string;
}

/** Where the call is, and where the function begins in which it is. */
function placesOf(call: NodeJS.CallSite): FilePlace[] {
  const file = call.getFileName();
  if (file === null || file === undefined || WITHOUT_MAP.test(file)) return [];
  return [placeOf(call), beginningOf(call)].map((place) => ({ file, ...place }));
}

const placeOf = (call: NodeJS.CallSite): Place => ({
  line: (call.getLineNumber() ?? 0) - 1,
  column: (call.getColumnNumber() ?? 0) - 1,
});

const beginningOf = (call: NodeJS.CallSite): Place => ({
  line: (call.getEnclosingLineNumber() ?? 0) - 1,
  column: (call.getEnclosingColumnNumber() ?? 0) - 1,
});

/** As Node writes a call where it reads maps itself. */
function lineOf(call: NodeJS.CallSite, caller: NodeJS.CallSite | undefined, originAt: OriginAt): string {
  const file = call.getFileName() ?? '';
  const origin = originAt(file, placeOf(call));
  if (origin === undefined) return String(call);
  const how = call.isAsync() ? 'async ' : call.isConstructor() ? 'new ' : '';
  const type = call.getTypeName();
  const of = type === null || type === 'global' ? '' : `${type}.`;
  // A minified function is named where it begins, or else where it is called.
  const called = caller?.getFileName() === file ? originAt(file, placeOf(caller))?.name : undefined;
  const name = originAt(file, beginningOf(call))?.name ?? called ?? call.getFunctionName();
  return `${how}${of}${name || '<anonymous>'} (${origin.source}:${origin.line + 1}:${origin.column + 1})`;
}

/** Answers for places of which it was told, and of earlier ones. */
function createOrigins(): (places: readonly FilePlace[]) => OriginAt {
  const known = new Map<string, Origin | undefined>();
  const keyOf = (file: string, { line, column }: Place): string => `${file}:${line}:${column}`;
  return (places) => {
    if (known.size > PLACES_MAX) known.clear();
    const unknown = places.filter((place) => !known.has(keyOf(place.file, place)));
    for (const [file, those] of Map.groupBy(unknown, ({ file }) => file)) {
      const origins = originsIn(file, those);
      for (const [index, place] of those.entries()) known.set(keyOf(file, place), origins[index]);
    }
    return (file, place) => known.get(keyOf(file, place));
  };
}

/** By the map beside a file; of a file that has none, nothing. */
function originsIn(file: string, places: readonly Place[]): (Origin | undefined)[] {
  const { href } = file.startsWith('file:') ? new URL(`${file}.map`) : pathToFileURL(`${file}.map`);
  const map = readMap(href);
  if (map === undefined) return [];
  return originsOf(map, places).map(
    (origin) => origin && { ...origin, source: pathOf(new URL(origin.source, href)) },
  );
}

const pathOf = (source: URL): string => (source.protocol === 'file:' ? fileURLToPath(source) : source.href);

function readMap(url: string): SourceMapText | undefined {
  try {
    return JSON.parse(readFileSync(fileURLToPath(url), 'utf8')) as SourceMapText;
  } catch {
    return undefined;
  }
}
