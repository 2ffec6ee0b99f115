/** What the page asks the server to do. */
import type {
  DropAnswer,
  LetterAnswer,
  LettersAnswer,
  PauseAnswer,
  RedriveAnswer,
  Refusal,
  Requests,
} from '../feed.ts';

interface Answers {
  readonly pause: PauseAnswer;
  readonly resume: PauseAnswer;
  readonly redrive: RedriveAnswer;
  readonly drop: DropAnswer;
}

/** Rejects with what is wrong, and the remedy. */
export function request<K extends keyof Requests>(kind: K, body: Requests[K]): Promise<Answers[K]> {
  return answerOf(kind, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

export function lettersWith(filter: { shard?: string; error?: string }): Promise<LettersAnswer> {
  const given = Object.entries(filter).filter(([, value]) => value !== '');
  return answerOf(`dead-letters?${new URLSearchParams(given)}`);
}

export const letterOf = (id: string): Promise<LetterAnswer> =>
  answerOf(`dead-letters/${encodeURIComponent(id)}`);

async function answerOf<T>(address: string, options?: RequestInit): Promise<T> {
  const response = await fetch(address, options).catch(() => {
    throw new Error('The console does not answer: it may have ended.');
  });
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer as T;
  throw new Error((answer as Partial<Refusal>).error ?? `The console answered with ${response.status}.`);
}
