/**
 * `node test/page/picture.ts FILE`: the picture of the page that stands in README.md, as WebP. It takes four minutes of a real run: a slot
 * dies and returns, a shard is paused, records become dead letters, and at last nothing succeeds in one shard.
 */
import { strict as assert } from 'node:assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { buildPage } from '../../buildPage.ts';
import { launchChromium } from './chromium.ts';
import { startRun } from './run.ts';
import { insist, pause } from './until.ts';

const SIZE = { width: 1280, height: 957 };
const QUALITY = 0.86;
const [, , file] = process.argv;
assert(file !== undefined, 'name the file');

const seconds = (count: number): Promise<void> => pause(count * 1_000);

await buildPage(join(import.meta.dirname, '../../dist/cli/console/page'));
await using browser = await launchChromium();
assert(browser !== undefined, 'there is no Chromium');
await using run = await startRun();
const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' });
await page.goto(run.address);
await seconds(25);
for (const order of [70, 71]) {
  run.put(JSON.stringify({ order, amount: 'seventy' }));
  await seconds(15);
}
const letLive = run.keepKilling('consumer-2');
await seconds(30);
letLive();
await seconds(25);
await page.locator('#shard-0 .opens').click();
const [pauseShard, resumeShard] = ['Pause shard 0', 'Resume shard 0'].map((name) =>
  page.getByRole('button', { name }),
);
await insist(
  'shard 0 is paused',
  () => pauseShard!.click({ timeout: 2_000 }),
  () => resumeShard!.isVisible(),
);
await seconds(18);
await insist(
  'shard 0 is resumed',
  () => resumeShard!.click({ timeout: 2_000 }),
  () => pauseShard!.isVisible(),
);
await page.locator('#shard-0 .opens').click();
await seconds(15);
await run.raise('down-1');
await page.locator('#shard-1 .bar.blocked').last().waitFor({ timeout: 60_000 });
await seconds(50);
await page.mouse.move(0, 0);
await writeFile(file, await webp(browser, await page.screenshot()));

/** The browser itself writes it. */
async function webp(by: Browser, png: Buffer): Promise<Buffer> {
  const blank = await by.newPage();
  const address = await blank.evaluate(`(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${png.toString('base64')}';
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', ${QUALITY});
  })()`);
  return Buffer.from(String(address).split(',')[1]!, 'base64');
}
