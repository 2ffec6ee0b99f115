import { type Fields, isObject } from '../../lib/sources/cls/json.ts';
import { refuse } from './errors.ts';

/** Readers of the parameters of control-plane actions: refuse with MissingParameter, InvalidParameter. */

/** SDKs that are generated send null, or nothing, for what they were not told. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

export function textOf(body: Fields, name: string): string {
  const text = optionalText(body, name);
  if (text === undefined) throw refuse.missingParameter(name);
  if (text === '') throw invalid(name);
  return text;
}

export function optionalText(body: Fields, name: string): string | undefined {
  const value = body[name];
  if (isAbsent(value)) return undefined;
  if (typeof value !== 'string') throw invalid(name);
  return value;
}

export function integerOf(body: Fields, name: string, least: number, most: number): number {
  const value = optionalInteger(body, name, least, most);
  if (value === undefined) throw refuse.missingParameter(name);
  return value;
}

export function optionalInteger(body: Fields, name: string, least: number, most: number): number | undefined {
  const value = body[name];
  if (isAbsent(value)) return undefined;
  if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) throw invalid(name);
  return Number(value);
}

export function textsOf(body: Fields, name: string): string[] {
  const texts = optionalTexts(body, name);
  if (texts === undefined) throw refuse.missingParameter(name);
  if (texts.length === 0) throw invalid(name);
  return texts;
}

export function optionalTexts(body: Fields, name: string): string[] | undefined {
  const value = body[name];
  if (isAbsent(value)) return undefined;
  if (!Array.isArray(value) || !value.every((text) => typeof text === 'string')) throw invalid(name);
  return value;
}

/** A list of objects; empty if it is absent. */
export function objectsOf(body: Fields, name: string): Fields[] {
  const list = listOf(body, name);
  if (!list.every(isObject)) throw invalid(name);
  return list;
}

/** A list; empty if it is absent: the Go SDK writes null for an empty one. */
export function listOf(body: Fields, name: string): unknown[] {
  const value = body[name];
  if (isAbsent(value)) return [];
  if (!Array.isArray(value)) throw invalid(name);
  return value;
}

export function invalid(name: string) {
  return refuse.invalidParameter(`The value of the parameter ${name} is invalid.`);
}
