import type { Logger } from '../observe/logger.ts';
import type { Grant } from './items.ts';
import { type Assignment, holdersOf, type PlanInput } from './planner.ts';

/**
 * What a slot holds stands in its item, and DynamoDB refuses an item of more than 400 KiB (developer guide, "Quotas"). The rest is
 * for the item's other attributes, and for what else an estimate may be wrong by.
 */
export const ASSIGNED_BYTES_MAX = 350_000;

/** One entry of a map, and a number of up to 16 digits (developer guide, "Item sizes and formats"). */
const GRANT_BYTES = 10;

/** What a shard takes of the item of the slot that holds it. */
export const assignedBytes = (shard: string): number => Buffer.byteLength(shard) + GRANT_BYTES;

/**
 * Pure: `target`, what a strategy wants, as far as the items of the slots have room. Where all of it fits, that is all of it.
 *
 * Else every shard stays where it is, but for the moves that fit and make the slots' counts more even (another exchange might be
 * wanted back by the next plan). Then those that nobody holds are given to the slot that the strategy wants for them, or to the one
 * with the most room, a failing one last. What fits nowhere is left out.
 */
export function bounded(target: Assignment, input: PlanInput, bytesMax = ASSIGNED_BYTES_MAX): Assignment {
  if ([...target.values()].every((shards) => sumOfBytes(Object.keys(shards)) <= bytesMax)) return target;
  const holders = holdersOf(input);
  const wanted = [...target]
    .flatMap(([slot, shards]) => Object.entries(shards).map(([shard, grant]) => ({ shard, slot, grant })))
    .sort((a, b) => (a.shard < b.shard ? -1 : 1));
  const shelves = new Map([...target].map(([slot, shards]) => [slot, emptyShelf(shards, bytesMax)]));
  const homeless: typeof wanted = [];
  for (const want of wanted) {
    const holder = holders.get(want.shard);
    if (holder === undefined) homeless.push(want);
    else put(shelves.get(holder.slot)!, want.shard, holder.grant);
  }
  for (const { shard, slot, grant } of wanted) {
    const holder = holders.get(shard);
    if (holder === undefined) continue;
    const from = shelves.get(holder.slot)!;
    const to = shelves.get(slot)!;
    if (from.excess <= 0 || to.excess >= 0 || !hasRoom(to, shard)) continue;
    take(from, shard);
    put(to, shard, grant);
  }
  const all = [...shelves].sort(([a], [b]) => (a < b ? -1 : 1));
  const healthy = all.filter(([slot]) => !input.failing?.has(slot));
  for (const { shard, slot, grant } of homeless) {
    const takers = [shelves.get(slot), roomiest(healthy), roomiest(all)];
    const taker = takers.find((shelf) => shelf !== undefined && hasRoom(shelf, shard));
    if (taker !== undefined) put(taker, shard, grant);
  }
  return new Map([...shelves].map(([slot, { shards }]) => [slot, shards]));
}

/** What a slot is given so far. */
interface Shelf {
  shards: Record<string, Grant>;
  bytesLeft: number;
  /** How many shards more than the strategy wants for the slot. */
  excess: number;
}

function emptyShelf(wanted: Record<string, Grant>, bytesMax: number): Shelf {
  return { shards: {}, bytesLeft: bytesMax, excess: -Object.keys(wanted).length };
}

const hasRoom = ({ bytesLeft }: Shelf, shard: string): boolean => bytesLeft >= assignedBytes(shard);

function put(shelf: Shelf, shard: string, grant: Grant): void {
  shelf.shards[shard] = grant;
  shelf.bytesLeft -= assignedBytes(shard);
  shelf.excess++;
}

function take(shelf: Shelf, shard: string): void {
  delete shelf.shards[shard];
  shelf.bytesLeft += assignedBytes(shard);
  shelf.excess--;
}

/** The first of those with the most room. */
function roomiest(shelves: readonly [slot: string, shelf: Shelf][]): Shelf | undefined {
  let best: Shelf | undefined;
  for (const [, shelf] of shelves) if (best === undefined || shelf.bytesLeft > best.bytesLeft) best = shelf;
  return best;
}

/** Pure: of these shards, in their order, those that one slot has room for. */
export function fitting(shards: readonly string[], bytesMax = ASSIGNED_BYTES_MAX): string[] {
  let room = bytesMax;
  return shards.filter((shard) => {
    const fits = assignedBytes(shard) <= room;
    if (fits) room -= assignedBytes(shard);
    return fits;
  });
}

export const MORE_SLOTS_REMEDY =
  "add slots, or let the stream have fewer shards: a slot's item in the table has no room for more";

/** Shards that the event names. */
const SHOWN_MAX = 10;

/** That nobody reads these shards. */
export function logUnassigned(logger: Logger, shards: readonly string[], remedy: string): void {
  if (shards.length === 0) return;
  logger.error('shards.unassigned', { count: shards.length, shards: shards.slice(0, SHOWN_MAX), remedy });
}

function sumOfBytes(shards: readonly string[]): number {
  return shards.reduce((sum, shard) => sum + assignedBytes(shard), 0);
}
