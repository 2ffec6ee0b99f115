import { strict as assert } from 'node:assert';
import { type Member, type MemberListener, type MemberOptions, startMember } from './member.ts';

export type CrewOptions = Omit<MemberOptions, 'listener'> & {
  listener: Omit<MemberListener, 'ticking' | 'died' | 'timedOut'>;
};

/** The slots of the group: they come, are killed, and go. */
export interface Crew {
  /** Resolves when the slot's function is loaded and its schedule runs. */
  join(slot: string): Promise<void>;
  /** Ends the slot's schedule for good; a tick at work is killed. */
  leave(slot: string): Promise<void>;
  /** All leave. */
  close(): Promise<void>;
  /** From now on nobody chooses the slot for anything: somebody has decided that it leaves. */
  reserve(slot: string): void;
  /** Slots that tick and that nobody has reserved. */
  active(): string[];
  has(slot: string): boolean;
  /** The member, if it is there. */
  get(slot: string): Member | undefined;
  disarm(): void;
  counts(): Readonly<CrewCounts>;
}

export interface CrewCounts {
  ticks: number;
  kills: number;
  /** Ticks that were killed at their deadline. */
  timeouts: number;
}

export function createCrew(options: CrewOptions): Crew {
  const members = new Map<string, { member: Member | undefined; reserved: boolean }>();
  const counts: CrewCounts = { ticks: 0, kills: 0, timeouts: 0 };
  const listener: MemberListener = {
    ...options.listener,
    ticking: () => {
      counts.ticks += 1;
    },
    died: () => {
      counts.kills += 1;
    },
    timedOut: () => {
      counts.timeouts += 1;
    },
  };

  async function leave(slot: string): Promise<void> {
    const place = members.get(slot)!;
    place.reserved = true;
    place.member?.disarm();
    await place.member?.stop();
    listener.interrupted(slot);
    members.delete(slot);
  }

  return {
    join: async (slot) => {
      assert(!members.has(slot), `${slot} is there already`);
      const place: { member: Member | undefined; reserved: boolean } = { member: undefined, reserved: false };
      members.set(slot, place);
      place.member = await startMember(slot, { ...options, listener });
    },
    leave,
    close: async () => {
      await Promise.all([...members.keys()].map(leave));
    },
    reserve: (slot) => {
      members.get(slot)!.reserved = true;
    },
    active: () =>
      [...members].filter(([, { member, reserved }]) => member && !reserved).map(([slot]) => slot),
    has: (slot) => members.has(slot),
    get: (slot) => members.get(slot)?.member,
    disarm: () => {
      for (const { member } of members.values()) member?.disarm();
    },
    counts: () => counts,
  };
}
