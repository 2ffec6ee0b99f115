import { createHash } from 'node:crypto';
import { refuse } from '../errors.ts';

/**
 * Ids of logsets and topics have 36 characters, as the frames of pulled messages have room for exactly that many. The live
 * service also lets users choose longer or shorter ones; how frames carry those is not documented, so there are none here.
 */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const NAME_LENGTH_MAX = 255;

/** Refuses with InvalidParameter what is no id. */
export function checkId(name: string, id: string): void {
  if (!ID.test(id)) throw refuse.invalidParameter(`${name} must look like a UUID in lower case.`);
}

/** Of a logset or a topic (CreateLogset, CreateTopic). */
export function isName(text: string): boolean {
  return text !== '' && text.length <= NAME_LENGTH_MAX && !text.includes('|');
}

/** An id that is not taken: the same one for the same ids and the same time. */
export function newId(kind: 'logset' | 'topic', isTaken: (id: string) => boolean, nowMs: number): string {
  for (let number = 0; ; number += 1) {
    const digits = createHash('sha256').update(`${kind} ${nowMs} ${number}`).digest('hex').slice(0, 32);
    const id = digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    if (!isTaken(id)) return id;
  }
}
