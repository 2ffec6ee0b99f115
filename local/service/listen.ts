import type { AddressInfo, Server } from 'node:net';
import { SettingsError } from '../../lib/errors.ts';

export const HOST = '127.0.0.1';
const PORT_MAX = 65_535;

/**
 * Makes `server` listen on 127.0.0.1, and nowhere else.
 *
 * @param port 0: any free port
 * @param setting what named the port, for the message
 * @returns the port
 * @throws SettingsError if the port is none, is taken, or not ours to take
 */
export function listenLocally(server: Server, port: number, setting: string): Promise<number> {
  return new Promise((resolve, reject) => {
    if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) {
      throw new SettingsError(setting, port, `choose 0 for a free port, or a number up to ${PORT_MAX}`);
    }
    const onError = (error: NodeJS.ErrnoException): void => {
      const remedy =
        error.code === 'EADDRINUSE'
          ? `another program listens on ${HOST}:${port}. Stop it, choose another port, or 0 for a free one`
          : `${error.message}. Choose another port, or 0 for a free one`;
      reject(new SettingsError(setting, port, remedy));
    };
    server.once('error', onError);
    server.listen({ port, host: HOST }, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
