import { type Bench, send } from './support.ts';

const ACCOUNT = { accessKeyId: 'local', accessKeySecret: 'local-secret' };

/** Signed requests to project `shop` of a service with the account that it has by default, at the present time. */
export function clientOf(port: number): Pick<Bench, 'call'> {
  return { call: (request) => send({ port }, Date.now(), { account: ACCOUNT, ...request }) };
}
