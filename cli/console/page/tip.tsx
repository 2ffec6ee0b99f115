import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Span } from '../feed.ts';
import { meaningOf, timesOf } from './words.ts';

export interface Tipped {
  readonly span: Span;
  /** Of the bar, in the window. */
  readonly at: DOMRect;
}

const MARGIN = 8;

/** What a bar means, beside it. Whoever does not see it is told by the bar itself. */
export function Tip({ tip, now }: { tip: Tipped | undefined; now: number }) {
  const element = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  useLayoutEffect(() => {
    if (tip === undefined || element.current === null) return;
    const { width, height } = element.current.getBoundingClientRect();
    const middle = (Math.max(0, tip.at.left) + Math.min(innerWidth, tip.at.right)) / 2;
    const left = Math.max(MARGIN, Math.min(innerWidth - width - MARGIN, middle - width / 2));
    const above = tip.at.top - height - 4;
    setPlace({ left, top: above < MARGIN ? tip.at.bottom + 4 : above });
  }, [tip]);
  if (tip === undefined) return null;
  const { span } = tip;
  return (
    <div
      class="tip"
      aria-hidden="true"
      ref={element}
      style={{ left: `${place.left}px`, top: `${place.top}px` }}
    >
      <strong>{meaningOf(span)}</strong>
      <span>{timesOf(span, now)}</span>
      {span.why !== undefined && <span>{span.why}</span>}
    </div>
  );
}
