import { Buffer } from 'node:buffer';
import { type Bench, send } from './support.ts';

const ACCOUNT = { accessKeyId: 'local', accessKeySecret: 'local-secret' };

/** Signed requests to a service with the account that it has by default, at the present time. */
export function clientOf(port: number): Pick<Bench, 'call' | 'act'> {
  const call: Bench['call'] = (request) => send(port, Date.now(), { account: ACCOUNT, ...request });
  return {
    call,
    act: (action, body, request) =>
      call({
        plane: 'control',
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
        headers: { 'x-tc-action': action, 'x-tc-version': '2020-10-16' },
        ...request,
      }),
  };
}
