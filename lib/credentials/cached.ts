import { type Credentials, type CredentialsProvider, sameCredentials } from '../http/credentials.ts';
import type { Clock } from '../runtime.ts';

export interface ExpiringCredentials extends Credentials {
  /** Milliseconds since 1970; they are fetched again before. Undefined: they hold until the service refuses them. */
  expiresAt?: number | undefined;
}

export interface CacheOptions {
  clock: Clock;
  /** How long before they expire others are fetched. 5 minutes unless set. */
  refreshBeforeMs?: number;
  /** How soon after a fetch the next one may follow, as long as the credentials at hand have not expired. 10 s unless set. */
  refetchMsMin?: number;
}

/**
 * Remembers credentials until shortly before they expire, or until the service refuses them. However many ask at a time, one
 * fetch is under way. If others cannot be fetched in time, the old ones are given as long as they hold.
 *
 * Rejects with what `fetch` rejects with, which must not show a secret; the next one who asks fetches again.
 */
export function cachedCredentials(
  fetch: () => Promise<ExpiringCredentials> | ExpiringCredentials,
  { clock, refreshBeforeMs = 5 * 60_000, refetchMsMin = 10_000 }: CacheOptions,
): CredentialsProvider {
  let held: ExpiringCredentials | undefined;
  let underWay: Promise<ExpiringCredentials> | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;

  const fetchOnce = (): Promise<ExpiringCredentials> => {
    fetchedAt = clock.now();
    underWay ??= Promise.resolve()
      .then(fetch)
      .then((credentials) => {
        held = credentials;
        return credentials;
      })
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };

  return async (refused) => {
    const { expiresAt = Number.POSITIVE_INFINITY } = held ?? {};
    if (held === undefined || clock.now() >= expiresAt) return fetchOnce();
    const isRefused = refused !== undefined && sameCredentials(refused, held);
    if (!isRefused && clock.now() + refreshBeforeMs < expiresAt) return held;
    if (underWay !== undefined && isRefused) return underWay;
    // Whoever lacks a permission is refused in the same words: that must not become a fetch for every request.
    if (clock.now() < fetchedAt + refetchMsMin) return held;
    const old = held;
    return isRefused ? fetchOnce() : fetchOnce().catch(() => old);
  };
}
