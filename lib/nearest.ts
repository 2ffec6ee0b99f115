/** Names that differ by more letters are other names. */
const DISTANCE_MAX = 3;

/** Which of the known names may be meant; undefined if none is like it. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  const [first] = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((one, other) => one.distance - other.distance);
  return first !== undefined && first.distance <= DISTANCE_MAX ? first.candidate : undefined;
}

/** Letters to put in, leave out or exchange to make one word of the other. */
export function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const exchanged = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(previous[column]! + 1, current[column - 1]! + 1, exchanged));
    }
    previous = current;
  }
  return previous[to.length]!;
}
