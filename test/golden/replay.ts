import type { Clock } from '../../lib/runtime.ts';
import { bytesOf, type Exchange, type Golden, toExchange } from './golden.ts';
import { send } from './wire.ts';

interface Service {
  url: string;
  close(): Promise<void>;
}

/** Sends all requests to a new service whose clock stands where it stood, and returns what it answers. */
export async function replay(
  { startedAtMs, exchanges }: Golden,
  startService: (clock: Clock) => Promise<Service>,
): Promise<Exchange['answer'][]> {
  let nowMs = startedAtMs;
  const clock = { now: () => nowMs, sleep: () => Promise.reject(new Error('nothing waits here')) };
  const service = await startService(clock);
  const answers: Exchange['answer'][] = [];
  try {
    for (const { atMs, request } of exchanges) {
      nowMs = atMs;
      const wire = { ...request, body: bytesOf(request) };
      answers.push(toExchange(atMs, wire, await send(service.url, wire)).answer);
    }
    return answers;
  } finally {
    await service.close();
  }
}
