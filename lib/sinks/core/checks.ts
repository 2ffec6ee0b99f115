/** What a sink is made with, checked when the module is loaded: not with the first batch. */
import { SettingsError } from '../../errors.ts';

/** A text that is there. */
export function checkText(field: string, value: unknown, remedy: string): void {
  if (typeof value !== 'string' || value === '') throw new SettingsError(field, value || undefined, remedy);
}

/** A whole number from 1 to `most`. */
export function checkCount(field: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new SettingsError(field, value, `write a whole number from 1 to ${most}`);
  }
}

/** A URL of HTTP without a name and password in it. */
export function checkUrl(field: string, value: unknown): URL {
  const remedy = 'write a URL such as https://logs.example.com/in, and what is secret beside it';
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new SettingsError(field, value, remedy);
  }
  return url;
}
