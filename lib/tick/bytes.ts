/**
 * The bytes of a tick: what its shards have pulled and not finished, and what they are pulling. No more at a time than the process has
 * memory for.
 */

/** Of one shard that is read. What it has in hand is freed together. */
export interface Holder {
  /** Waits until there is room for an answer, and keeps it. False: there was none before the signal aborted. */
  reserve(signal: AbortSignal): Promise<boolean>;
  /** What is kept: an answer should be no larger. */
  bytesMax(): number;
  /** The answer is there, and takes so much. */
  filled(bytes: number): void;
  /** Room for an answer that is pulled ahead, if it is there at once and nobody waits for it. */
  ahead(): Room | undefined;
  /** That answer is in hand now. */
  took(room: Room): void;
  /** Nothing is in hand any more. */
  empty(): void;
}

/** Kept for one answer. */
export interface Room {
  bytes: number;
  filled(bytes: number): void;
  free(): void;
}

export interface Bytes {
  holder(): Holder;
  /** All that was kept is free again. */
  isFree(): boolean;
}

export interface BytesLimits {
  max: number;
  /** Most shards that are read at a time. Each has room for an answer in hand and one ahead. */
  shards: number;
  /** A pull had to wait for room, or brought less for want of it. */
  onShort?: () => void;
}

/** As little is worth a pull and its checkpoint. */
const SHARE_MIN = 1024 * 1024;
/** A shard whose answer was as large may have more: so much is asked for next, where there is room. */
const GROWTH = 2;

interface Shard {
  /** How large its next answer may become, as far as is known. */
  wish: number;
  rooms: number;
  isWaiting: boolean;
}

interface Waiter {
  shard: Shard;
  go(room: Room | undefined): void;
}

/**
 * Shares out the bytes. A shard whose answers are not known gets an even share; one that is known to have more gets half of what is free, if that is
 * more. Who has something in hand and needs more comes first, then who came first.
 *
 * Nobody waits for ever: as long as somebody has what he needs, he will free it. If all who have something wait for more, the first of
 * them gets it, whatever the limit says; so does somebody who is alone.
 */
export function createBytes({ max, shards, onShort }: BytesLimits): Bytes {
  const share = Math.min(max, Math.max(SHARE_MIN, max / (2 * Math.max(1, shards))));
  const holding = new Set<Shard>();
  const waiting: Waiter[] = [];
  let used = 0;

  // Whoever waits does so for want of room: where there is some, nobody waits.
  const fits = (): boolean => used + share <= max;
  const isStuck = (): boolean => [...holding].every(({ isWaiting }) => isWaiting);

  const keep = (shard: Shard): Room => {
    const granted = Math.floor(Math.min(shard.wish, Math.max(share, (max - used) / 2)));
    const isLess = granted < Math.floor(shard.wish);
    let isFree = false;
    used += granted;
    shard.rooms++;
    holding.add(shard);
    return {
      bytes: granted,
      filled(bytes) {
        if (isFree) return;
        if (isLess && bytes > granted / GROWTH) onShort?.();
        used += bytes - this.bytes;
        this.bytes = bytes;
        shard.wish = Math.max(share, bytes * GROWTH);
        serve();
      },
      free() {
        if (isFree) return;
        isFree = true;
        used -= this.bytes;
        if (--shard.rooms === 0) holding.delete(shard);
        serve();
      },
    };
  };
  /** Whoever waits and can go on does. */
  const serve = (): void => {
    while (waiting.length > 0 && (fits() || isStuck())) {
      const index = Math.max(
        0,
        waiting.findIndex(({ shard }) => shard.rooms > 0),
      );
      const [{ shard, go }] = waiting.splice(index, 1) as [Waiter];
      shard.isWaiting = false;
      go(keep(shard));
    }
  };
  const wait = (shard: Shard, signal: AbortSignal): Promise<Room | undefined> =>
    new Promise((resolve) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(waiter), 1);
        shard.isWaiting = false;
        resolve(undefined);
        serve();
      };
      const waiter: Waiter = {
        shard,
        go(room) {
          signal.removeEventListener('abort', leave);
          resolve(room);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(waiter);
      shard.isWaiting = true;
      serve();
    });

  const take = async (shard: Shard, signal: AbortSignal): Promise<Room | undefined> => {
    if (signal.aborted) return undefined;
    if (fits() || isStuck()) return keep(shard);
    onShort?.();
    return wait(shard, signal);
  };

  return {
    isFree: () => used === 0 && holding.size === 0 && waiting.length === 0,
    holder() {
      const shard: Shard = { wish: share, rooms: 0, isWaiting: false };
      let inHand: Room[] = [];
      let kept: Room | undefined;
      return {
        async reserve(signal) {
          kept ??= await take(shard, signal);
          return kept !== undefined;
        },
        bytesMax: () => kept?.bytes ?? share,
        filled(bytes) {
          if (kept === undefined) return;
          kept.filled(bytes);
          inHand.push(kept);
          kept = undefined;
        },
        ahead: () => (fits() ? keep(shard) : undefined),
        took(room) {
          inHand.push(room);
        },
        empty() {
          const freed = inHand;
          inHand = [];
          kept?.free();
          kept = undefined;
          for (const room of freed) room.free();
        },
      };
    },
  };
}
