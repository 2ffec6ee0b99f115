import { useCallback, useState } from 'preact/hooks';

/** Also the next rows are drawn, so that nobody who scrolls or goes on by keyboard sees an empty one. */
const AROUND = '300px';

/** Whether an element is in sight, or nearly: what is not is not drawn again each second. */
export function useNear<E extends Element>(): [isNear: boolean, ref: (element: E | null) => void] {
  const [isNear, setNear] = useState(false);
  const ref = useCallback((element: E | null) => {
    if (element === null) return;
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)!.isIntersecting), {
      rootMargin: AROUND,
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [isNear, ref];
}
