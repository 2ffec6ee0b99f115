import { expect } from 'vitest';
import { serve } from './child.ts';
import { newDirectory } from './support.ts';

export interface Kept {
  service: 'sls' | 'cls';
  /** Options that make the stream, of two shards. */
  wanted: readonly string[];
  /** How often it is killed. */
  rounds: number;
  /** Puts one message; true if that was answered with success. */
  put(port: number, message: string): Promise<boolean>;
  /** Every message of each shard, in its order. */
  readAll(port: number): Promise<string[][]>;
}

const ANSWERS = 60;
const WRITERS = 8;
const MESSAGES_MAX = 10_000;
const PADDING = 'x'.repeat(300_000);

/** Kills a service with kill -9 while it is written to, again and again, and looks at what it has afterwards. */
export async function expectAnsweredIsKept({ service, wanted, rounds, put, readAll }: Kept): Promise<void> {
  const data = newDirectory();
  /** Puts one message after another until the service is gone; returns those that were answered, in order. */
  const write = async (port: number, name: string, onAnswer: () => void): Promise<string[]> => {
    const answered: string[] = [];
    for (let number = 0; number < MESSAGES_MAX; number += 1) {
      const message = `${name}/${number}`;
      if (!(await put(port, `${message} ${PADDING}`).catch(() => false))) return answered;
      answered.push(message);
      onAnswer();
    }
    return answered;
  };

  const answered: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const child = serve(service, '--data', data, ...wanted);
    const port = (await child.port)!;
    let answers = 0;
    const onAnswer = (): void => {
      answers += 1;
      if (answers === ANSWERS) child.process.kill('SIGKILL');
    };
    const writers = Array.from({ length: WRITERS }, (_, index) => write(port, `${round}.${index}`, onAnswer));
    answered.push(...(await Promise.all(writers)).flat());
    expect((await child.ended).signal).toBe('SIGKILL');
  }
  expect(answered.length).toBeGreaterThanOrEqual(rounds * ANSWERS);

  const child = serve(service, '--data', data);
  const read = await readAll((await child.port)!);
  const stored = read.map((messages) => messages.map((message) => message.split(' ')[0]!));
  const all = new Set(stored.flat());
  expect(all.size).toBe(stored.flat().length);
  expect(answered.filter((message) => !all.has(message))).toEqual([]);
  // What was in flight may be there, and nothing more than that.
  expect(all.size).toBeLessThanOrEqual(answered.length + rounds * WRITERS);
  for (const shard of stored) {
    for (const writer of new Set(shard.map((message) => message.split('/')[0]))) {
      const numbers = shard
        .filter((message) => message.startsWith(`${writer}/`))
        .map((message) => Number(message.split('/')[1]));
      expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    }
  }
}
