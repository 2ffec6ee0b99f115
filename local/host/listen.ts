import type { Server } from 'node:http';
import { SettingsError } from '../../lib/errors.ts';

/**
 * Makes `server` listen on 127.0.0.1, and nowhere else.
 *
 * @param port 0: any free port
 * @param option the option that named the port, for the message
 * @throws SettingsError if the port is taken or not ours to take
 */
export function listenLocally(server: Server, port: number, option: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const reason = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
      reject(
        new SettingsError(
          option,
          port,
          `${reason}; choose another port, or leave the option out for any free one`,
        ),
      );
    };
    server.once('error', refuse);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refuse);
      resolve();
    });
  });
}
