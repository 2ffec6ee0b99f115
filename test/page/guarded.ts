/** A page of the browser in which nothing may go wrong unseen. */
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';

export const WIDE = { width: 1280, height: 800 };
export const NARROW = { width: 390, height: 844 };

export interface Guarded {
  readonly page: Page;
  /** Throws if something was complained of, or asked from elsewhere. */
  check(): void;
}

export async function openGuarded(browser: Browser, address: string): Promise<Guarded> {
  const page = await browser.newPage({ viewport: WIDE, colorScheme: 'light' });
  const complaints: string[] = [];
  page.on('console', (message) => {
    // What the server could not do in time is told on the page, and tried again.
    const isToldOnPage = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !isToldOnPage) complaints.push(message.text());
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && response.status() < 500)
      complaints.push(`${response.url()} is answered with ${response.status()}`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(address)) complaints.push(`it asks ${request.url()}`);
  });
  await page.goto(address);
  return { page, check: () => assert.deepEqual(complaints, []) };
}

export type Looks = { readonly width: 'wide' | 'narrow'; readonly scheme: 'light' | 'dark' };

export const LOOKS: readonly Looks[] = (['wide', 'narrow'] as const).flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
);

/** Nothing lies beside the screen, and nobody is shut out. */
export async function examine(page: Page, { width, scheme }: Looks): Promise<void> {
  await page.setViewportSize(width === 'wide' ? WIDE : NARROW);
  await page.emulateMedia({ colorScheme: scheme });
  await settled(page);
  const beside = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  assert.equal(beside, 0, `${width}, ${scheme}: so many pixels lie beside the screen`);
  const violations = await violationsOf(page);
  assert.deepEqual(violations, [], `${width}, ${scheme}`);
}

/** Cards fade from one scheme into the other: a colour on its way is none that stays. */
const settled = (page: Page): Promise<unknown> =>
  page.evaluate(
    'new Promise(requestAnimationFrame).then(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)))',
  );

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(AXE, 'utf8'));
  const { violations } = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] })',
  )) as AxeResults;
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary = '' }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`),
  );
}
