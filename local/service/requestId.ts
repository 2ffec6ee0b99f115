/** 24 hex digits that start with the time. */
export function hexRequestId(number: number, nowMs: number): string {
  return digitsOf(number, nowMs, 24).toUpperCase();
}

/** A UUID that starts with the time. */
export function uuidRequestId(number: number, nowMs: number): string {
  return digitsOf(number, nowMs, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function digitsOf(number: number, nowMs: number, digits: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `${seconds.toString(16).padStart(8, '0')}${number.toString(16).padStart(digits - 8, '0')}`;
}
