declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** Makes a server that does not listen yet; its `request` listener is the whole service. */
  export default function dynalite(options: {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
