import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Folder } from './folder.ts';

/** Starts a log service with the installed command, asks it something, and ends it. */
export async function serves(folder: Folder, service: 'sls' | 'cls'): Promise<void> {
  const command = ['node_modules/shardbeat/dist/cli/shardbeat.js', 'serve', service, '--port', '0'];
  const child = spawn('node', command, {
    cwd: folder.path,
    env: folder.environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    const url = await urlIn(createInterface({ input: child.stdout }));
    const answer = await (await fetch(url)).text();
    assert.match(answer, /MissingParameter/, `what ${service} says to a request that asks for nothing`);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function urlIn(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the service named no address');
}
