import { useCallback, useState } from 'preact/hooks';

/** How wide an element is, also when that changes. */
export function useWidth<E extends Element>(): [width: number, ref: (element: E | null) => void] {
  const [width, setWidth] = useState(600);
  const ref = useCallback((element: E | null) => {
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.max(1, Math.floor(entry!.contentRect.width))),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [width, ref];
}
