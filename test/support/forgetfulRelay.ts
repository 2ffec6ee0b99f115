import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

export interface ForgetfulRelay {
  port: number;
  /** Connections that it knows. */
  open(): number;
  /**
   * Forgets every connection there is, without a word, as a NAT gateway does: what comes over one later is answered with a reset, or
   * with nothing at all.
   */
  forget(how: 'reset' | 'silence'): void;
  close(): void;
}

/** Stands between a client and a service on this machine. */
export async function startForgetfulRelay(toPort: number): Promise<ForgetfulRelay> {
  const known = new Map<net.Socket, { upstream: net.Socket; forgotten?: 'reset' | 'silence' }>();
  const server = net.createServer((client) => {
    const upstream = net.connect(toPort, '127.0.0.1');
    known.set(client, { upstream });
    client.on('data', (bytes) => {
      const { forgotten } = known.get(client) ?? {};
      if (forgotten === 'reset') client.resetAndDestroy();
      else if (forgotten === undefined) upstream.write(bytes);
    });
    upstream.on('data', (bytes) => client.write(bytes));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        known.delete(client);
        other.destroy();
      });
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    open: () => known.size,
    forget(how) {
      for (const connection of known.values()) connection.forgotten = how;
    },
    close() {
      server.close();
      for (const client of known.keys()) client.destroy();
    },
  };
}
