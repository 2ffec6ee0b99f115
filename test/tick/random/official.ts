import { SourceError } from '../../../lib/errors.ts';
import type { Dice } from '../../../local/faults/dice.ts';
import type { ManualClock } from '../../support/clock.ts';
import type { ServiceStage } from '../stages/stage.ts';
import type { Ledger } from './ledger.ts';

/**
 * A worker as the official SDKs have it: its heartbeat names what it holds together with what it was assigned, it starts at
 * the service's checkpoint, and commits every now and then, whoever owns the shard.
 */
export interface Official {
  readonly name: string;
  state: 'absent' | 'live' | 'stalled';
  /** Without a word, and without its memory if it ever comes back. */
  die(): void;
  /** One turn of its loops. */
  step(): Promise<void>;
  /** Back from a long silence: it works on in what it held, before it asks anybody. */
  wake(): Promise<void>;
}

interface Position {
  next: string;
  committed: string;
}

const { signal } = new AbortController();

export function createOfficial(
  name: string,
  { stage, ledger, dice, clock }: { stage: ServiceStage; ledger: Ledger; dice: Dice; clock: ManualClock },
): Official {
  const { source, serviceGroup } = stage;
  const held = new Map<string, Position>();
  let assigned: readonly string[] = [];

  const commit = async (shard: string, position: Position): Promise<void> => {
    if (position.next === position.committed) return;
    await stage.commitAsOfficial(name, shard, position.next);
    position.committed = position.next;
    ledger.committedByOfficial(shard, position.next);
  };

  const read = async (shard: string, position: Position): Promise<void> => {
    const request = { shard, cursor: position.next, closed: false, countMax: dice.between(1, 4), signal };
    try {
      const { records, nextCursor } = await source.pull(request);
      ledger.processedByOfficial(
        shard,
        [...records].map((record) => record.get('content')!),
      );
      position.next = nextCursor;
    } catch (error) {
      if (!(error instanceof SourceError && error.code === 'CursorExpired')) throw error;
      position.next = await source.cursorAt(shard, { at: 'begin' }, signal);
    }
  };

  const work = async (): Promise<void> => {
    for (const [shard, position] of held) {
      // One whose shard has vanished, or whose commit was refused, does not hold up the others.
      await failingQuietly(async () => {
        if (assigned.includes(shard)) await read(shard, position);
        if (dice.chance(0.4)) await commit(shard, position);
      });
    }
  };

  const heartbeat = async (): Promise<void> => {
    let answer = await serviceGroup.heartbeat(name, [...new Set([...held.keys(), ...assigned])], signal);
    if (!answer.known) {
      held.clear();
      answer = await serviceGroup.heartbeat(name, [], signal);
    }
    if (answer.known) assigned = answer.assigned;
  };

  const begin = async (): Promise<void> => {
    const fresh = assigned.filter((shard) => !held.has(shard));
    if (fresh.length === 0) return;
    const checkpoints = await serviceGroup.checkpoints(signal);
    for (const shard of fresh) {
      const next = checkpoints.get(shard) ?? (await source.cursorAt(shard, { at: 'begin' }, signal));
      held.set(shard, { next, committed: next });
    }
  };

  const letGo = async (): Promise<void> => {
    for (const [shard, position] of held) {
      if (assigned.includes(shard)) continue;
      await failingQuietly(() => commit(shard, position));
      held.delete(shard);
    }
  };

  const official: Official = {
    name,
    state: 'absent',
    die() {
      official.state = 'absent';
      held.clear();
      assigned = [];
    },
    async step() {
      await failingQuietly(async () => {
        await heartbeat();
        await letGo();
        await begin();
        await work();
      });
      clock.advance(100);
    },
    async wake() {
      official.state = 'live';
      await work();
      await official.step();
    },
  };
  return official;
}

/** The SDKs log what fails, and go on. */
async function failingQuietly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
  }
}
