/** What a logged error was, in one line. */
export function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  // The line may be one of the user's own.
  const { name = 'Error', message = '' } = error as { name?: unknown; message?: unknown };
  return `${name}: ${firstLine(typeof message === 'string' ? message : JSON.stringify(message))}`;
}

export function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
