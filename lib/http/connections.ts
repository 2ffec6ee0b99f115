import http from 'node:http';
import https from 'node:https';
import type { Clock } from '../runtime.ts';
import { proxiesOf } from './proxies.ts';

/** Connections that are kept between requests, as long as there is reason to believe that the other end knows them. */
export interface Connections {
  http: http.Agent;
  https: https.Agent;
  /** Before a request: gives up what nobody has used for long. */
  dropIdle(): void;
  /** After a request that got no answer: what idles beside it may have died the same way, and a repeat needs a new one. */
  dropUnused(): void;
}

/** Of kept connections. A tick works few shards at a time; more requests than this wait for a connection. */
const SOCKETS_MAX = 64;

/**
 * NAT gateways forget what is idle for 350 s, services what is idle for a minute or so, and neither always says so. A new
 * connection costs two or three round trips.
 */
const IDLE_MS_MAX = 30_000;

/**
 * Idle time is looked at when a connection is wanted, by the wall clock: between two ticks the sandbox is frozen, and no timer of it
 * runs. Idle connections do not keep the process alive. They go by way of a proxy where the variables of the process name one.
 */
export function keepConnections(clock: Pick<Clock, 'now'>): Connections {
  const options = { keepAlive: true, maxSockets: SOCKETS_MAX, proxyEnv: proxiesOf(process.env) };
  const agents = { http: new http.Agent(options), https: new https.Agent(options) };
  const idleSince = new WeakMap<object, number>();
  for (const agent of Object.values(agents)) {
    const keepSocketAlive = agent.keepSocketAlive.bind(agent);
    agent.keepSocketAlive = (socket) => {
      idleSince.set(socket, clock.now());
      return keepSocketAlive(socket);
    };
  }
  const drop = (isDropped: (socket: object) => boolean): void => {
    for (const { freeSockets } of Object.values(agents)) {
      for (const socket of Object.values(freeSockets).flatMap((sockets) => [...(sockets ?? [])])) {
        if (isDropped(socket)) socket.destroy();
      }
    }
  };
  return {
    ...agents,
    // A clock that was set back says nothing of how long it was.
    dropIdle: () => drop((socket) => Math.abs(clock.now() - (idleSince.get(socket) ?? 0)) > IDLE_MS_MAX),
    dropUnused: () => drop(() => true),
  };
}
