import { consume } from '../../lib/index.ts';
import * as module from './accessLog.ts';

/** One tick of the slot that the event names. The schedule sends `{ "slot": "consumer-0" }`. */
export const handler = consume(module);
