import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COLORS } from '../../cli/console/page/slots.ts';

/** How colours look to those who lack a kind of cones: Machado, Oliveira and Fernandes, 2009, in linear light. */
const EYES: Readonly<Record<string, readonly (readonly number[])[]>> = {
  'all colours': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'no red (protanopia)': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green (deuteranopia)': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue (tritanopia)': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

type Three = readonly [number, number, number];

const three = (values: readonly number[]): Three => [values[0]!, values[1]!, values[2]!];

function linear(hex: string): Three {
  const digits =
    hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit) : hex.slice(1).match(/../g)!;
  return three(
    digits.map((two) => {
      const value = Number.parseInt(two, 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    }),
  );
}

const seenBy = (eye: readonly (readonly number[])[], color: Three): Three =>
  three(
    eye.map((row) =>
      Math.min(
        1,
        Math.max(
          0,
          row.reduce((sum, part, index) => sum + part * color[index]!, 0),
        ),
      ),
    ),
  );

/** Where equal distances look equally different. */
function oklab([red, green, blue]: Three): Three {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const distance = (one: Three, other: Three): number =>
  Math.hypot(...oklab(one).map((part, index) => part - oklab(other)[index]!));

function contrast(one: Three, other: Three): number {
  const [dark, light] = [one, other]
    .map(([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    .toSorted((a, b) => a - b);
  return light! / dark!;
}

const style = readFileSync(join(import.meta.dirname, '../../cli/console/page/style/base.css'), 'utf8');
const [light, dark] = style.split('@media (prefers-color-scheme: dark)') as [string, string];

describe.each([
  ['light', light],
  ['dark', dark],
])('the colours of slots, %s', (_scheme, text) => {
  const colorNamed = (name: string): Three => linear(new RegExp(`--${name}: (#[0-9a-f]+);`).exec(text)![1]!);
  const all = Array.from({ length: COLORS }, (_, index) => colorNamed(`color${index}`));
  const pairs = all.flatMap((one, index) => all.slice(index + 1).map((other) => [one, other] as const));

  it.each(Object.entries(EYES))('are told apart by who sees %s', (_name, eye) => {
    // The palette of Okabe and Ito comes to 0.076.
    const nearest = Math.min(...pairs.map(([one, other]) => distance(seenBy(eye, one), seenBy(eye, other))));
    expect(nearest).toBeGreaterThan(0.09);
  });

  it('let the name of the slot be read', () => {
    for (const [index, color] of all.entries())
      expect(contrast(color, colorNamed(`on${index}`)), `color${index}`).toBeGreaterThan(4.5);
  });
});
