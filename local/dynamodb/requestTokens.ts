import { createHash } from 'node:crypto';
import type { Answered } from './transactWrite.ts';

/** The service knows a token for so long. */
const TOKEN_MS = 10 * 60_000;

/**
 * A transaction that was done under a token is not done again: the same request is answered once more, and another one under that token is
 * refused. API reference: "TransactWriteItems", ClientRequestToken.
 */
export function createRequestTokens(now: () => number) {
  const known = new Map<string, { digest: string; at: number; answer: Answered }>();
  return async (request: object, work: () => Promise<Answered>): Promise<Answered> => {
    const { ClientRequestToken: token, ...rest } = request as { ClientRequestToken?: unknown };
    if (typeof token !== 'string') return work();
    for (const [other, { at }] of known) {
      // In the order in which they came.
      if (now() - at <= TOKEN_MS) break;
      known.delete(other);
    }
    const digest = createHash('sha256').update(JSON.stringify(rest)).digest('base64');
    const before = known.get(token);
    if (before?.digest === digest) return before.answer;
    if (before !== undefined) {
      const message = 'The request uses the same client token as a previous, but non-identical request.';
      return { ok: false, type: 'IdempotentParameterMismatchException', message, units: new Map() };
    }
    const answer = await work();
    // What was cancelled did nothing, and may succeed next time.
    if (answer.ok) known.set(token, { digest, at: now(), answer });
    return answer;
  };
}
