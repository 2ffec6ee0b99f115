const ISO_8601 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|([+-])(\d\d):?(\d\d))$/;

/**
 * Milliseconds since 1970 of a time in ISO 8601 that names its zone. Undefined for anything else, and for what is in no calendar
 * or on no clock, such as 30 February, 24:00 or a leap second: `Date` takes some of these for another moment.
 */
export function parseInstant(text: string): number | undefined {
  const match = ISO_8601.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = '0', sign = '+', zoneHours = '0', zoneMinutes = '0'] =
    match;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isDate = date.toISOString().startsWith(`${year}-${month}-${day}`);
  const isTime = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
  const isZone = Number(zoneHours) <= 14 && Number(zoneMinutes) <= 59;
  if (!isDate || !isTime || !isZone) return undefined;
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  const localMs = Date.parse(text.replace(/(?:Z|[+-]\d\d:?\d\d)$/, 'Z'));
  return sign === '-' ? localMs + zoneMs : localMs - zoneMs;
}
