/** moto's server: services of AWS by people who have nothing to do with us. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installPythonTool } from '../interop/toolchains.ts';

const STARTS_IN_MS = 30_000;

export interface Moto {
  url: string;
  kill(): void;
}

/** Installs it, if it is not there, and starts it; undefined where there is no Python. */
export async function startMoto(): Promise<Moto | undefined> {
  const moto = await installPythonTool(
    'moto_server',
    join(import.meta.dirname, '../transactions/requirements.txt'),
  );
  if (moto === undefined) return undefined;
  const server = spawn(moto, ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = (): void => {
    server.kill();
  };
  try {
    return { url: await addressOf(server.stderr), kill };
  } catch (error) {
    kill();
    throw error;
  }
}

/** Where the server says that it listens. */
function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    setTimeout(() => reject(new Error(`moto does not start: ${said}`)), STARTS_IN_MS).unref();
    output.on('data', (chunk: Buffer) => {
      said += chunk;
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
}
