/**
 * Where something in a bundle came from, by its source map. Node's own `SourceMap` makes an object of every segment first, which for
 * the map of a function takes a tenth of a second and 30 MB: more than a small function has when it wants to say what failed. This
 * reads the map once, from front to back, and keeps nothing of it.
 */

/** What is read of a map, of version 3. */
export interface SourceMapText {
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/** Line and column, both from 0. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Origin extends Place {
  readonly source: string;
  /** What stood there, if the map says it: where a function begins, the name that it had. */
  readonly name: string | undefined;
}

const LINE_ENDS = ';'.charCodeAt(0);
const SEGMENT_ENDS = ','.charCodeAt(0);
/** Of a digit, five bits of a number and, above them, whether more follow. */
const CONTINUED = 32;
const VALUES = new Uint8Array(128);
for (const [value, digit] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries()) {
  VALUES[digit.charCodeAt(0)] = value;
}

/** Of each place, in their order, what the last segment before it in its line says; undefined where none says anything. */
export function originsOf(map: SourceMapText, places: readonly Place[]): (Origin | undefined)[] {
  const origins: (Origin | undefined)[] = places.map(() => undefined);
  const waiting = [...places.entries()].sort(([, one], [, other]) => compare(other, one));
  let before: Segment | undefined;
  const answerThoseBefore = (place: Place): void => {
    for (
      let next = waiting.at(-1);
      next !== undefined && compare(next[1], place) < 0;
      next = waiting.at(-1)
    ) {
      waiting.pop();
      if (before?.line === next[1].line) origins[next[0]] = originOf(map, before);
    }
  };
  eachSegment(map.mappings, (segment) => {
    answerThoseBefore(segment);
    before = segment;
    return waiting.length > 0;
  });
  answerThoseBefore({ line: Number.POSITIVE_INFINITY, column: 0 });
  return origins;
}

const compare = (one: Place, other: Place): number => one.line - other.line || one.column - other.column;

/** From its place in the bundle on, up to the next one, the bundle came from here. */
interface Segment extends Place {
  /** Source, line and column in it, and a name, as far as they are said. */
  readonly origin: readonly number[];
}

function originOf({ sources, names }: SourceMapText, { origin }: Segment): Origin | undefined {
  const [source = -1, line = 0, column = 0, name = -1] = origin;
  const found = sources[source];
  return found === undefined ? undefined : { source: found, line, column, name: names[name] };
}

/** Until `visit` says that it has seen enough. All numbers are written as how much they differ from the ones before. */
function eachSegment(mappings: string, visit: (segment: Segment) => boolean): void {
  const fields = [0, 0, 0, 0, 0];
  let [line, field, bits, shift] = [0, 0, 0, 0];
  for (let at = 0; at <= mappings.length; at++) {
    const code = at < mappings.length ? mappings.charCodeAt(at) : LINE_ENDS;
    if (code !== LINE_ENDS && code !== SEGMENT_ENDS) {
      const digit = VALUES[code] ?? 0;
      bits |= (digit & (CONTINUED - 1)) << shift;
      shift += 5;
      if ((digit & CONTINUED) !== 0) continue;
      fields[field++]! += (bits & 1) === 1 ? -(bits >>> 1) : bits >>> 1;
      bits = shift = 0;
      continue;
    }
    if (field > 0 && !visit({ line, column: fields[0]!, origin: fields.slice(1, field) })) return;
    field = 0;
    if (code === LINE_ENDS) {
      line += 1;
      fields[0] = 0;
    }
  }
}
