import type { ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { createFront } from '../service/front.ts';
import { HOST, listenLocally } from '../service/listen.ts';

/** Secrets Manager, as far as a function asks it: for the access key of its log service. */
export interface SecretStore {
  /** For `AWS_ENDPOINT_URL_SECRETS_MANAGER`. */
  url: string;
  /** Ends at once, open connections included. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 60_000;

/** Keeps these secrets, by name, in memory. Whoever runs on this machine may read them: they are those of local services. */
export async function startSecretStore(secrets: Readonly<Record<string, object>>): Promise<SecretStore> {
  const server = createFront({
    keepAliveMs: KEEP_ALIVE_MS,
    refuse: (response, message) => answer(response, 403, { __type: 'AccessDeniedException', message }),
    receive: (request, response) => {
      const isGet = request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue';
      json(request).then(
        (asked) => {
          const name = String((asked as { SecretId?: unknown } | null)?.SecretId);
          const secret = isGet ? secrets[name] : undefined;
          if (secret === undefined) answer(response, 400, { __type: 'ResourceNotFoundException' });
          else answer(response, 200, { Name: name, SecretString: JSON.stringify(secret) });
        },
        () => answer(response, 400, { __type: 'SerializationException' }),
      );
    },
  });
  const port = await listenLocally(server, 0, 'the secret store');
  return {
    url: `http://${HOST}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}
