import { expect, test } from 'vitest';
import {
  parseControlAuthorization,
  parseDataAuthorization,
  signControl,
  signData,
} from '../../lib/sources/cls/signature.ts';
import { bytesOf, type ClsGolden, type Exchange, readGolden } from './golden.ts';

/** Where every request was signed with the account's own key. */
const GOLDENS = ['python-calls', 'python-consumer', 'python-tokens'];

test.each(GOLDENS)('%s: we sign what its client sent as its client did', async (name) => {
  const { account, exchanges } = await readGolden<ClsGolden>(`cls/${name}`);
  for (const { request } of exchanges) {
    const isControl = request.headers['x-tc-action'] !== undefined;
    const signed = isControl ? signControlAgain(request, account) : signDataAgain(request, account);
    expect(signed, request.target).toBe(request.headers.authorization);
  }
});

function signControlAgain(request: Exchange['request'], account: ClsGolden['account']): string {
  const { headers } = parseControlAuthorization(request.headers.authorization!)!;
  const timestamp = Number(request.headers['x-tc-timestamp']);
  return signControl({ ...account, headers: pick(request, headers), body: bytesOf(request), timestamp });
}

function signDataAgain(request: Exchange['request'], account: ClsGolden['account']): string {
  const { headers, signTime } = parseDataAuthorization(request.headers.authorization!)!;
  const { pathname, searchParams } = new URL(request.target, 'http://cls.example');
  const query = Object.fromEntries(searchParams);
  const covered = { method: request.method, path: pathname, query, headers: pick(request, headers) };
  return signData({ ...account, ...covered, signTime });
}

function pick({ headers }: Exchange['request'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, headers[name] ?? '']));
}
