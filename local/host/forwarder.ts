/** What stands between a function and a service, and does not always pass on what it is given. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../lib/runtime.ts';
import type { Faults } from '../faults/faults.ts';
import type { HostFault } from '../faults/list.ts';
import { HOST, listenLocally } from '../service/listen.ts';

export interface Forwarder {
  port: number;
  /** Ends at once, open connections included. */
  close(): Promise<void>;
}

/** What may happen to a request; drawn when its first bytes come, so that it may be the first on a connection or one that idled for long. */
export type ConnectionFault = 'connectionDied' | 'lostRequest' | 'lostAnswer';

export interface ForwarderOptions {
  /** Of the service, on this machine. */
  port: number;
  clock: Clock;
  faults: Pick<Faults<HostFault>, 'happens' | 'dice'>;
  /** What its slowness is called. */
  slow: 'slowStore' | 'slowSource';
  /** How long an answer is held back at most. */
  slowMsMax: number;
}

const KINDS: readonly ConnectionFault[] = ['connectionDied', 'lostRequest', 'lostAnswer'];

/** Passes bytes on, both ways. Of a connection that went wrong nothing more comes through, and it ends when the function ends it. */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const service = connect(options.port, HOST);
    for (const socket of [client, service]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.once('close', () => open.delete(socket));
    }
    pass(client, service, options);
  });
  const port = await listenLocally(server, 0, 'forwarder');
  return {
    port,
    close: () => {
      for (const socket of open) socket.destroy();
      return closed(server);
    },
  };
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

function pass(client: Socket, service: Socket, options: ForwarderOptions): void {
  const { clock, faults, slow, slowMsMax } = options;
  const over = new AbortController();
  let broken: ConnectionFault | undefined;
  let isAnswered = true;
  let heldUntil = Promise.resolve();

  client.on('data', (chunk: Buffer) => {
    // More of the same request, or of one that was lost.
    if (isAnswered && broken === undefined) begin();
    if (broken === 'connectionDied') reset(chunk);
    else if (broken !== 'lostRequest') service.write(chunk);
  });
  service.on('data', (chunk: Buffer) => {
    isAnswered = true;
    heldUntil = heldUntil.then(() => {
      if (broken === undefined) client.write(chunk);
    });
  });

  function begin(): void {
    isAnswered = false;
    broken = KINDS.find((kind) => faults.happens(kind));
    if (broken !== undefined || !faults.happens(slow)) return;
    const delayMs = faults.dice(slow).next() * slowMsMax;
    heldUntil = heldUntil.then(() => clock.sleep(delayMs, over.signal).catch(() => {}));
  }

  /** Before the service has the request, or thereafter: nobody can tell. */
  function reset(chunk: Buffer): void {
    const end = (): void => void client.resetAndDestroy();
    if (faults.dice('connectionDied').chance(0.5)) service.write(chunk, end);
    else end();
  }

  client.once('close', () => {
    over.abort();
    service.destroy();
  });
  service.once('close', () => {
    // Of a half-open connection nobody hears that it has ended.
    heldUntil.then(() => {
      if (broken === undefined) client.end();
    });
  });
}
