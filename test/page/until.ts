/** Some things take a session timeout, or five attempts with their waits. */
export const WAIT_MS_MAX = 120_000;
const LOOK_MS = 100;
const AGAIN_MS = 3_000;

export const pause = (durationMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, durationMs));

/** Looks again and again, until it holds. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  patienceMs = WAIT_MS_MAX,
): Promise<void> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; ) {
    if (await holds()) return;
    await pause(LOOK_MS);
  }
  throw new Error(`it did not come to be that ${what}`);
}

/** Does it, and does it again where the machine was so busy that nobody answered in time: the page says so, and a person would. */
export async function insist(
  what: string,
  act: () => Promise<void>,
  holds: () => Promise<boolean>,
): Promise<void> {
  let actedAt = 0;
  await until(what, async () => {
    if (await holds()) return true;
    if (Date.now() - actedAt < AGAIN_MS) return false;
    actedAt = Date.now();
    // What it would be done with may be about to go.
    await act().catch(() => {});
    return false;
  });
}
