import { useEffect, useState } from 'preact/hooks';

const EVERY_MS = 1_000;

/** The time, by the server's clock, once a second while it `runs`. Where nothing is known any more, it stands still. */
export function useNow(skewMs: number, runs: boolean): number {
  const [at, setAt] = useState(Date.now());
  useEffect(() => {
    if (!runs) return;
    setAt(Date.now());
    const timer = setInterval(() => setAt(Date.now()), EVERY_MS);
    return () => clearInterval(timer);
  }, [runs]);
  return at + skewMs;
}
