import http from 'node:http';

/** Passes on to a local service what a bench does not answer itself. */
export interface Forwarder {
  /** Of the request nothing was read. */
  forward(request: http.IncomingMessage, to: http.ServerResponse): void;
  close(): void;
}

export function createForwarder(url: string): Forwarder {
  const agent = new http.Agent({ keepAlive: true });
  const { hostname, port } = new URL(url);
  return {
    forward(request, to) {
      const { method, headers, url: path } = request;
      const options = { hostname, port, method, path, headers, agent, setHost: false };
      const outgoing = http.request(options, (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(to);
      });
      outgoing.on('error', () => to.destroy());
      request.pipe(outgoing);
    },
    close: () => agent.destroy(),
  };
}
