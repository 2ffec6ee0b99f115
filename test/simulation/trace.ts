import type { ItemKey } from '../../lib/group/items.ts';
import type { Write } from '../../lib/group/store.ts';

/** What happened, one line each. Building a line costs nothing unless somebody reads it. */
export interface Trace {
  readonly on: boolean;
  add(who: string, text: () => string): void;
  lines(): readonly string[];
}

export function createTrace(on: boolean, now: () => number, startsAt: number): Trace {
  const lines: string[] = [];
  return {
    on,
    add(who, text) {
      if (!on) return;
      const seconds = ((now() - startsAt) / 1_000).toFixed(3).padStart(9);
      lines.push(`${seconds} ${who.padEnd(18)} ${text()}`);
    },
    lines: () => lines,
  };
}

/** Wall clock values, epochs and generations as distances from the start: readable. */
export function shown(value: unknown, startsAt: number): string {
  if (typeof value === 'number' && value > startsAt / 2) return `T${signed(value - startsAt)}`;
  if (value instanceof Map) return shown(Object.fromEntries(value), startsAt);
  if (Array.isArray(value)) return `[${value.map((part) => shown(part, startsAt)).join(' ')}]`;
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).filter(([, part]) => part !== undefined);
    return `{${parts.map(([name, part]) => `${name}=${shown(part, startsAt)}`).join(' ')}}`;
  }
  return String(value);
}

const signed = (value: number): string => (value < 0 ? String(value) : `+${value}`);

/** `SHARD#a cursor=7 epoch+1 if owner=…`, without what is always the same. */
export function shownWrite<T>(key: ItemKey, write: Write<T>, startsAt: number): string {
  const set = Object.entries(write.set ?? {})
    .filter(([name]) => name !== 'settings' && name !== 'settingsVersion' && name !== 'lagMs')
    .map(([name, value]) => `${name}=${shown(value, startsAt)}`);
  const add = Object.entries(write.add ?? {}).map(([name, amount]) => `${name}+${amount}`);
  return [key, ...set, ...add].join(' ');
}
