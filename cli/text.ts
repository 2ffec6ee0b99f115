/** Texts for people. */
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

/** What others wrote, in one line and without what would steer the terminal. */
export const plain = (text: string): string =>
  stripVTControlCharacters(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim();

const GRAPHEMES = new Intl.Segmenter();

/** So much of it as is that wide, with … for what is left out. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of GRAPHEMES.segment(text)) {
    if (stringWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** As `cut`, with the end of what differs from others there: `consumer-12`, or the partition behind a long topic. */
export function cutWithin(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const front = cut(text, Math.ceil((width + 1) / 2));
  let end = '';
  for (const { segment } of [...GRAPHEMES.segment(text)].reverse()) {
    if (stringWidth(front + segment + end) > width) break;
    end = segment + end;
  }
  return front + end;
}
