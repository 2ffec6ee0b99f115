import { createRandom } from '../service/random.ts';

/**
 * A web server's access log, made up: the same lines for the same seed, on every machine.
 *
 * @returns chunks of whole lines, each with its line feed
 */
export async function* generateAccessLog(lines: number, seed = 1): AsyncGenerator<Uint8Array> {
  const random = createRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  let timeMs = Date.UTC(2026, 0, 1);
  let chunk: string[] = [];
  for (let line = 1; line <= lines; line += 1) {
    timeMs += Math.floor(random() * 40);
    const address = `10.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}.${1 + Math.floor(random() * 254)}`;
    const status = random() < 0.95 ? 200 : pick([301, 304, 404, 500, 503]);
    const bytes = Math.floor(200 + random() ** 4 * 50_000);
    const request = `${pick(METHODS)} ${pick(PATHS)}/${Math.floor(random() * 10_000)} HTTP/1.1`;
    const time = new Date(timeMs).toISOString();
    chunk.push(`${address} - - [${time}] "${request}" ${status} ${bytes} "${pick(AGENTS)}"\n`);
    if (chunk.length < CHUNK_LINES && line < lines) continue;
    yield Buffer.from(chunk.join(''));
    chunk = [];
  }
}

const CHUNK_LINES = 500;
const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'] as const;
const PATHS = ['/orders', '/customers', '/products', '/cart', '/search', '/images', '/größen'] as const;
const AGENTS = ['curl/8.9.1', 'Mozilla/5.0 (X11; Linux x86_64)', 'okhttp/4.12.0', 'kube-probe/1.31'] as const;
