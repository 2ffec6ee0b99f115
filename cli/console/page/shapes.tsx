import type { Span } from '../feed.ts';
import type { Mark } from './bars.ts';
import type { SlotLook } from './slots.ts';

/** Of a row of the timeline, and of what is drawn in it. */
export const HEIGHT = 26;
const TOP = 7;
const BAR = 14;
/** Narrower than that, a bar has no room for the short name of its slot, or for the whole of it. */
const SHORT_MIN = 14;
const LETTER = 6.4;

interface BarShapeProps {
  readonly kind: Span['kind'];
  readonly slot: string | undefined;
  readonly look: SlotLook | undefined;
  readonly x: number;
  readonly width: number;
}

/** Each kind has a form of its own, so that it is known without its colour. */
export function BarShape({ kind, slot = '', look, x, width }: BarShapeProps) {
  const rect = (y: number, height: number, more: object = {}) => (
    <rect x={x} y={y} width={width} height={height} {...more} />
  );
  switch (kind) {
    case 'owned':
      return (
        <g class={`color${look?.color ?? 0}`}>
          {rect(TOP, BAR, { class: 'fill', rx: Math.min(2.5, width / 2) })}
          {look !== undefined && look.texture > 0 && rect(TOP, BAR, { fill: `url(#texture${look.texture})` })}
          {width >= SHORT_MIN && (
            <text x={x + 5} y={TOP + BAR - 3.5}>
              {width > slot.length * LETTER + 12 ? slot : look?.short}
            </text>
          )}
        </g>
      );
    case 'overlap':
      return <g class={`color${look?.color ?? 0}`}>{rect(TOP - 3, 8, { class: 'fill overlapping' })}</g>;
    case 'handOff':
      return <g class={`color${look?.color ?? 0}`}>{rect(TOP + BAR - 4, 4, { class: 'fill' })}</g>;
    case 'failing':
      return rect(TOP + BAR, 4, { fill: 'url(#failing)' });
    case 'unowned':
    case 'done':
      return (
        <>
          {rect(TOP, BAR, { class: 'nothing' })}
          <path class={kind} d={`M${x + 1} ${TOP + BAR / 2}H${x + Math.max(2, width - 1)}`} />
        </>
      );
    case 'session':
      return rect(TOP, BAR, { class: 'session' });
    case 'draining':
      return rect(TOP + BAR - 3, 3, { class: 'draining' });
    default:
      // Who has it is still to be seen below.
      return rect(TOP, kind === 'dead' ? BAR : BAR - 3, {
        class: `veil ${kind}`,
        fill: `url(#${VEILS[kind]})`,
      });
  }
}

const VEILS = {
  dead: 'dead',
  blocked: 'blocked',
  paused: 'paused',
  parents: 'parents',
  unlisted: 'parents',
} as const;

export function MarkShape({ mark: { kind }, x }: { mark: Pick<Mark, 'kind'>; x: number }) {
  const middle = TOP + BAR / 2;
  return kind === 'handOff' ? (
    <path class="handed" d={`M${x} ${TOP - 1}V${TOP + BAR + 1}M${x - 4.5} ${TOP - 6.5}h9l-4.5 6.5z`} />
  ) : (
    <g class="death">
      <circle cx={x} cy={middle} r="6.5" />
      <path d={`M${x - 3} ${middle - 3}l6 6M${x + 3} ${middle - 3}l-6 6`} />
    </g>
  );
}
