/** The console of a group on a local stack: the command, what the page is told, and what it does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Begin, Change, RedriveAnswer } from '../../../cli/console/feed.ts';
import { letterOf } from '../../support/letters.ts';
import { type Stage, startStage } from '../stage.ts';

const options = { signal: new AbortController().signal };

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.close());

let stop: AbortController;
let ended: Promise<unknown> | undefined;
afterEach(async () => {
  stop.abort(new Error('stopped by SIGINT'));
  await ended;
});

/** What is typed serves a page until the test is over. */
async function opened(line = 'console --every 500ms') {
  stop = new AbortController();
  const out: string[] = [];
  const running = stage.type(line, { out: (text) => void out.push(text), untilStopped: () => stop.signal });
  ended = running;
  await Promise.race([running, expect.poll(() => out.length, { timeout: 20_000 }).toBe(1)]);
  expect(out, (out.length === 0 ? await running : { said: '' }).said).toHaveLength(1);
  const address = out[0]!.trim();
  const origin = new URL(address).origin;
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', origin };
    const response = await fetch(address + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, ...((await response.json()) as object) };
  };
  return { address, running, post };
}

/** Those that come until one is as it should be. */
async function until(address: string, isIt: (told: Begin & Change) => boolean): Promise<Begin & Change> {
  const closing = new AbortController();
  const response = await fetch(`${address}events`, { signal: closing.signal });
  let rest = '';
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop()!;
      for (const part of parts) {
        const data = /^data: (.*)$/m.exec(part)?.[1];
        const told = data === undefined ? undefined : (JSON.parse(data) as Begin & Change);
        if (told !== undefined && isIt(told)) return told;
      }
    }
  } finally {
    closing.abort();
  }
  throw new Error('the stream has ended');
}

it('prints its address alone, shows the group, and ends with 0', async () => {
  const { address, running } = await opened();
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/$/);
  const page = await fetch(address);
  expect(await page.text()).toMatch(/^<!doctype html>/i);
  const begin = await until(address, ({ about }) => about !== undefined);
  expect(begin.about).toMatchObject({
    group: 'local',
    isLocal: true,
    commandOptions: '',
    redrivenBy: 'module',
    everyMs: 500,
  });
  const { state } = await until(address, (told) => told.state?.lagAt !== undefined);
  expect(state).toMatchObject({
    status: 'running',
    unit: 'log groups',
    settings: { intervalMs: 60_000 },
    slots: [{ live: true }, { live: true }],
  });
  expect(JSON.stringify(begin)).not.toContain(stage.environment.SHARDBEAT_ACCESS_KEY_SECRET ?? 'no such key');
  stop.abort(new Error('stopped by SIGINT'));
  expect(await running).toMatchObject({ code: 0, said: expect.stringContaining('until Ctrl-C') });
  await expect(fetch(address)).rejects.toThrow();
});

it('tells what to type with what it was given, and asks the table alone, if that is said', async () => {
  const { address } = await opened('console --every 500ms --group local --table-only');
  let looks = 0;
  const { about } = await until(address, () => true);
  expect(about.commandOptions).toBe('--group local');
  const { state } = await until(address, (told) => told.state !== undefined && ++looks === 3);
  expect(state).toMatchObject({ status: 'running' });
  expect(state).not.toHaveProperty('lagAt');
});

it('has another token each time', async () => {
  const { address } = await opened();
  const first = address;
  stop.abort(new Error('stopped by SIGINT'));
  await ended;
  expect(new URL((await opened()).address).pathname).not.toBe(new URL(first).pathname);
});

it.each([
  ['console --every 100ms', '--every: "100ms" cannot be used: choose 500ms or more'],
  ['console --port 70000', '--port: "70000" cannot be used'],
])('refuses %s', async (line, why) => {
  stop = new AbortController();
  expect(await stage.type(line)).toMatchObject({ code: 2, said: expect.stringContaining(why) });
});

it('pauses and resumes, and shows that at once', async () => {
  const { address, post } = await opened();
  const [shard = ''] = (await until(address, ({ state }) => state !== undefined)).state!.shards.map(
    (one) => one.shard,
  );
  expect(await post('pause', { shard })).toEqual({ status: 200, done: 'paused', stillPaused: [] });
  expect(await post('pause', {})).toMatchObject({ status: 200, done: 'paused' });
  await until(address, ({ state }) => state?.status === 'paused');
  expect(await post('resume', {})).toEqual({ status: 200, done: 'resumed', stillPaused: [shard] });
  expect(await post('resume', { shard })).toMatchObject({ status: 200 });
  await until(
    address,
    ({ state }) => state?.status === 'running' && state.shards.every(({ paused }) => !paused),
  );
  expect(await post('pause', { shard: '99' })).toMatchObject({
    status: 400,
    error: expect.stringContaining('the group has no such shard'),
  });
});

describe('dead letters', () => {
  const module = (code: string): void => writeFileSync(join(stage.directory, 'taking.mjs'), code);

  it('are redriven by the module of the local run, as it is now, in a process of its own', async () => {
    await stage.letters.put(
      [1, 2, 3, 4].map((index) => letterOf(index)),
      options,
    );
    const { address, post } = await opened();
    await until(address, ({ state }) => state?.deadLetters === 4);
    module('export const eachBatch = () => { throw new TypeError("no order") };');
    expect(await post('redrive', { id: '0/7/1' })).toMatchObject({
      status: 200,
      redriven: 0,
      failed: 1,
      left: 4,
      message: 'TypeError: no order',
    });
    module(
      'export const eachBatch = ({ records }) => { if (process.ppid === undefined || globalThis.expect) throw 1; };',
    );
    expect(await post('redrive', { id: '0/7/1' })).toEqual({
      status: 200,
      redriven: 1,
      failed: 0,
      skipped: 0,
      left: 3,
    });
    module('export const eachBatch = () => { console.error("the sink is gone"); process.exit(7); };');
    expect(await post('redrive', { id: '0/7/2' })).toMatchObject({
      status: 502,
      error: expect.stringMatching(
        /has ended \(exit code 7\).*having said: the sink is gone.*The dead letter stays/,
      ),
    });
    // It is kept for the one that died.
    module('export const eachBatch = () => {};');
    expect(await post('redrive', { id: '0/7/2' })).toMatchObject({ redriven: 0, skipped: 1 });
    module('export const eachBatch = 7;');
    expect(await post('redrive', { id: '0/7/3' })).toMatchObject({
      status: 502,
      error: expect.stringContaining('eachBatch'),
    });
    expect(await post('drop', { id: '0/7/3' })).toEqual({ status: 200, dropped: 1, skipped: 0 });
    expect(await post('drop', { all: true })).toEqual({ status: 200, dropped: 1, skipped: 1 });
    const { changes } = await until(address, (told) => told.changes === undefined);
    expect(changes).toBeUndefined();
  }, 60_000);

  it('that hold up a redrive hold up nothing else, and the console ends at once', async () => {
    await stage.letters.put([letterOf(9)], options);
    module('export const eachBatch = () => { for (;;); };');
    const { address, post, running } = await opened();
    const redriving = post('redrive', { id: '0/7/9' }).catch((error: Error) => error);
    await expect
      .poll(
        async () => (await post('redrive', { id: '0/7/9' })) as { status: number } & Partial<RedriveAnswer>,
      )
      .toMatchObject({ status: 409 });
    await until(address, ({ state }) => state !== undefined);
    stop.abort(new Error('stopped by SIGINT'));
    expect(await running).toMatchObject({ code: 0 });
    expect(await redriving).toBeInstanceOf(Error);
  }, 60_000);
});
