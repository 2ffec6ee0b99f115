/**
 * `npm run test:page`: the page in a real browser, of a real run in which a consumer is killed and records are poison. With
 * `--screenshots DIR` what was to be seen is kept, wide and narrow, light and dark.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPage } from '../../buildPage.ts';
import { launchChromium } from './chromium.ts';
import { LOOKS, NARROW, openGuarded, WIDE } from './guarded.ts';
import { startRun } from './run.ts';
import { STEPS } from './steps.ts';

const BUILT = join(import.meta.dirname, '../../dist/cli/console/page');
const { screenshots } = parseArgs({ options: { screenshots: { type: 'string' } } }).values;

await using browser = await launchChromium();
if (browser === undefined) console.log('skipped: no Chromium');
else await perform(browser);

async function perform(browser: NonNullable<Awaited<ReturnType<typeof launchChromium>>>): Promise<void> {
  await rm(BUILT, { recursive: true, force: true });
  await buildPage(BUILT);
  await using run = await startRun();
  const guarded = await openGuarded(browser, run.address);
  const { page } = guarded;
  const shoot = async (name: string): Promise<void> => {
    if (screenshots === undefined) return;
    await mkdir(screenshots, { recursive: true });
    for (const { width, scheme } of LOOKS) {
      await page.setViewportSize(width === 'wide' ? WIDE : NARROW);
      await page.emulateMedia({ colorScheme: scheme });
      // All of it is in sight then, and what is drawn by hand follows in the next frames.
      const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
      await page.setViewportSize({ ...(width === 'wide' ? WIDE : NARROW), height });
      await page.waitForTimeout(400);
      await page.screenshot({ path: join(screenshots, `${name}-${width}-${scheme}.png`) });
    }
    await page.setViewportSize(WIDE);
    await page.emulateMedia({ colorScheme: 'light' });
  };
  for (const { name, take } of STEPS) {
    const begin = Date.now();
    try {
      await take({ run, guarded, shoot });
    } catch (error) {
      await shoot('failed');
      console.log(`FAILED: ${name}`);
      throw error;
    }
    console.log(`passed: ${name} (${((Date.now() - begin) / 1_000).toFixed(1)} s)`);
  }
}
