import * as v from 'valibot';
import { parseKey } from '../keyspace.ts';

/** What documents are made of, as JSON has neither large numbers nor keys. */

export const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

/** 32 hex digits. */
export const key = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{32}$/),
  v.transform((text) => parseKey(text)!),
);

/** In decimal digits. */
export const position = v.pipe(
  v.string(),
  v.regex(/^\d{1,19}$/),
  v.transform((text) => BigInt(text)),
);
