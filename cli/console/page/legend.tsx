import type { Span } from '../feed.ts';
import { BarShape, HEIGHT, MarkShape } from './shapes.tsx';
import { looksOf } from './slots.ts';

const WIDTH = 30;
const LOOKS = looksOf(['0', '1']);

const ENTRIES: readonly {
  text: string;
  over?: Span['kind'];
  mark?: 'handOff' | 'death';
  base?: Span['kind'];
}[] = [
  { text: 'hand-off', mark: 'handOff' },
  { text: 'death', base: 'dead', mark: 'death' },
  { text: 'overlap', over: 'overlap' },
  { text: 'failing', over: 'failing' },
  { text: 'blocked', over: 'blocked' },
  { text: 'paused', over: 'paused' },
  { text: 'waits', over: 'parents' },
  { text: 'nobody has it', base: 'unowned' },
];

/** What the forms of the timeline mean. */
export const Legend = () => (
  <ul class="legend" aria-label="Legend">
    {ENTRIES.map((entry) => (
      <li key={entry.text}>
        <svg width={WIDTH} height={HEIGHT} aria-hidden="true">
          <Sample {...entry} />
        </svg>
        {entry.text}
      </li>
    ))}
    <li>
      <svg width={WIDTH} height={HEIGHT} aria-hidden="true">
        <rect class="gap" width={WIDTH} height={HEIGHT} />
      </svg>
      nobody looked
    </li>
  </ul>
);

function Sample({ base = 'owned', over, mark }: Omit<(typeof ENTRIES)[number], 'text'>) {
  const shape = (kind: Span['kind'], slot: string, x: number, width: number) => (
    <BarShape kind={kind} slot="" look={{ ...LOOKS.get(slot)!, short: '' }} x={x} width={width} />
  );
  const isHanded = mark === 'handOff';
  return (
    <>
      {shape(base === 'dead' ? 'owned' : base, '0', 0, isHanded || base === 'dead' ? WIDTH / 2 : WIDTH)}
      {isHanded && shape('owned', '1', WIDTH / 2, WIDTH / 2)}
      {base === 'dead' && shape('dead', '0', WIDTH / 2, WIDTH / 2)}
      {over && (
        <g class={`bar ${over}`}>
          {shape(over, '1', over === 'overlap' ? WIDTH / 3 : 0, over === 'overlap' ? WIDTH / 3 : WIDTH)}
        </g>
      )}
      {mark && <MarkShape mark={{ kind: mark }} x={WIDTH / 2} />}
    </>
  );
}
