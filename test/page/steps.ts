/** What somebody sees and does who watches a run in which things go wrong. */
import { strict as assert } from 'node:assert';
import type { Locator, Page } from 'playwright-core';
import { examine, type Guarded, LOOKS, WIDE } from './guarded.ts';
import { type Run, SHARDS } from './run.ts';
import { insist, pause, until, WAIT_MS_MAX } from './until.ts';

export interface Stage {
  readonly run: Run;
  readonly guarded: Guarded;
  /** Keeps what is to be seen, if somebody wants it. */
  shoot(name: string): Promise<void>;
}

export interface Step {
  readonly name: string;
  take(stage: Stage): Promise<void>;
}

const CLICK_MS_MAX = 2_000;
/** Read at once, poison records could come in a row in one shard, where each is tried for longer than the one before it. */
const APART_MS = 500;
const DEAD = 'consumer-2';
const HTML = '<img src=x onerror=alert(1)>';
/** An amount that is no number: the function fails at it until it is mended. */
const poison = (order: number): string =>
  JSON.stringify({ order, amount: 'seventy', note: HTML, customer: 'c-70' });

const rowOf = (page: Page, name: string): Locator =>
  page.locator('.timeline .row', { has: page.locator(`.name .text:text-is("${name}")`) });
const barOf = (row: Locator, kind: string): Locator => row.locator(`.bar.${kind}`).last();
const letters = (page: Page): Locator => page.locator('.letters > ul > li');
const said = (page: Page, text: string | RegExp): Locator => page.getByText(text).first();

const textOf = async (locator: Locator): Promise<string> => (await locator.textContent()) ?? '';

/** How many it has claimed. */
const shardsOf = async (page: Page, slot: string): Promise<string> =>
  (await textOf(rowOf(page, slot).locator('.facts > span').nth(2))).replace(/\D.*$/s, '');

export const STEPS: readonly Step[] = [
  {
    name: 'the page shows who has which shard, and says that all is well',
    async take({ run, guarded: { page }, shoot }) {
      await page.locator('.verdict.good').waitFor({ timeout: WAIT_MS_MAX });
      await until('each slot has a shard', async () => {
        const counts = [0, 1, 2, 3].map((slot) => shardsOf(page, `consumer-${slot}`).catch(() => ''));
        return (await Promise.all(counts)).every((count) => count === '1');
      });
      for (const shard of ['0', '1', '2', '3']) await barOf(rowOf(page, shard), 'owned').waitFor();
      // Five attempts take a while.
      run.put(poison(70));
      await shoot('well');
    },
  },
  {
    name: 'a consumer is killed with kill -9: its row dies, and its shard moves',
    async take({ run, guarded: { page }, shoot }) {
      const letLive = run.keepKilling(DEAD);
      await barOf(rowOf(page, DEAD), 'dead').waitFor({ timeout: WAIT_MS_MAX });
      await said(page, new RegExp(`${DEAD} is dead: it has not ticked for`)).waitFor({
        timeout: WAIT_MS_MAX,
      });
      await until('the others have all shards', async () => {
        const counts = [0, 1, 3].map(async (slot) => Number(await shardsOf(page, `consumer-${slot}`)));
        return (await Promise.all(counts)).reduce((sum, count) => sum + count) === SHARDS;
      });
      await page.locator('.row.shard .death').first().waitFor({ state: 'attached' });
      await page.locator('.row.shard .handed').first().waitFor({ state: 'attached' });
      await shoot('dead');
      letLive();
      await until(`${DEAD} has a shard again`, async () => (await shardsOf(page, DEAD)) === '1');
    },
  },
  {
    name: 'a record that is poison becomes a dead letter, which is shown as what it is: text',
    async take({ guarded: { page }, shoot }) {
      await letters(page).first().waitFor({ timeout: WAIT_MS_MAX });
      await letters(page).first().getByRole('button').first().click();
      await page.locator('.payload pre').first().waitFor();
      assert.match(await textOf(page.locator('.payload')), /"amount":"seventy".*<img src=x/);
      assert.equal(await page.locator('.payload img').count(), 0);
      await said(page, '1 dead letter waits for somebody').waitFor();
      await shoot('letter');
    },
  },
  {
    name: 'it fails again when it is redriven, and is gone once the function is mended',
    async take({ run, guarded: { page } }) {
      const redrive = page.locator('.letters .detail').getByRole('button', { name: 'Redrive' });
      const hasFailed = said(page, /1 failed again: .*amount of order 70 is no number/);
      await insist(
        'it fails again',
        () => redrive.click({ timeout: CLICK_MS_MAX }),
        () => hasFailed.isVisible(),
      );
      await run.raise('mended');
      const isGone = async () => (await letters(page).count()) === 0;
      await insist('it is gone', () => redrive.click({ timeout: CLICK_MS_MAX }), isGone);
      await run.lower('mended');
      for (const order of [71, 72, 73]) {
        run.put(poison(order));
        await pause(APART_MS);
      }
    },
  },
  {
    name: 'a shard is paused and resumed by keyboard alone, and each bar is told',
    async take({ guarded: { page } }) {
      await page.locator('.chart[tabindex="0"]').focus();
      for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'End'])
        await page.keyboard.press(key);
      const told = page.locator(`.chart:focus .chosen`);
      assert.match(
        (await told.getAttribute('aria-label')) ?? '',
        /^(consumer-\d|failing|nobody has it); (since )?\d\d:\d\d:\d\d/,
      );
      await page.locator('.tip').waitFor();
      await page.locator('#shard-0 .opens').focus();
      await page.keyboard.press('Enter');
      const canPause = () => page.getByRole('button', { name: 'Pause shard 0' }).isVisible();
      const canResume = () => page.getByRole('button', { name: 'Resume shard 0' }).isVisible();
      await insist('shard 0 is paused', () => press(page, 'Pause shard 0'), canResume);
      await barOf(rowOf(page, '0'), 'paused').waitFor({ timeout: WAIT_MS_MAX });
      await insist('shard 0 is resumed', () => press(page, 'Resume shard 0'), canPause);
      await page.locator('#shard-0 .opens').press('Enter');
    },
  },
  {
    name: 'the group is paused and resumed',
    async take({ guarded: { page } }) {
      const [pause, resume] = ['Pause group', 'Resume group'].map((name) =>
        page.getByRole('button', { name }),
      );
      await insist(
        'the group is paused',
        () => pause!.click({ timeout: CLICK_MS_MAX }),
        () => resume!.isVisible(),
      );
      await said(page, 'The group is paused: nothing is read.').waitFor({ timeout: WAIT_MS_MAX });
      await said(page, 'npx shardbeat resume').waitFor();
      await insist(
        'the group is resumed',
        () => resume!.click({ timeout: CLICK_MS_MAX }),
        () => pause!.isVisible(),
      );
    },
  },
  {
    name: 'dropping a dead letter asks first',
    async take({ run, guarded: { page } }) {
      // All may be in one shard.
      const patienceMs = 2 * WAIT_MS_MAX;
      await until('there are three', async () => (await letters(page).count()) === 3, patienceMs);
      await letters(page).first().getByRole('button').first().click();
      const detail = page.locator('.letters .detail');
      await detail.getByRole('button', { name: 'Drop' }).click();
      await said(page, 'Drop it for good?').waitFor();
      await detail.getByRole('button', { name: 'Keep' }).click();
      assert.equal(await letters(page).count(), 3);
      const drop = async (): Promise<void> => {
        for (let clicks = 0; clicks < 2; clicks += 1)
          await detail.getByRole('button', { name: 'Drop' }).click({ timeout: CLICK_MS_MAX });
      };
      await insist('two are left', drop, async () => (await letters(page).count()) === 2);
      await run.raise('down-1');
    },
  },
  {
    name: 'what nothing succeeds in is seen to be blocked, and said first',
    async take({ guarded: { page }, shoot }) {
      await barOf(rowOf(page, '1'), 'blocked').waitFor({ timeout: WAIT_MS_MAX });
      await page.locator('.verdict.bad', { hasText: 'Nothing succeeds in shard 1' }).waitFor();
      await page.getByLabel('all', { exact: true }).check({ force: true });
      await page.mouse.move(0, 0);
      await shoot('blocked');
    },
  },
  {
    name: 'everything fits wide and narrow, light and dark, and is there for everybody',
    async take({ guarded: { page } }) {
      await letters(page).first().getByRole('button').first().click();
      await page.locator('#shard-1 .opens').click();
      await page.locator('.payload').waitFor();
      for (const looks of LOOKS) await examine(page, looks);
      await page.setViewportSize(WIDE);
      await page.emulateMedia({ colorScheme: 'light' });
    },
  },
  {
    name: 'nothing was complained of, and nothing asked from elsewhere',
    take: async ({ guarded }) => guarded.check(),
  },
  {
    name: 'a page whose run has ended says that what it shows is old',
    async take({ run, guarded: { page }, shoot }) {
      await run.stop();
      await page.getByRole('alert').getByText('The connection to the console is lost.').waitFor();
      assert.equal(await page.locator('main.stale').count(), 1);
      await shoot('lost');
    },
  },
];

/** As whoever has no mouse does it. */
async function press(page: Page, name: string): Promise<void> {
  for (let tabs = 0; tabs < 10; tabs += 1) {
    if ((await page.evaluate('document.activeElement.textContent')) === name)
      return page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
  }
  throw new Error(`the key Tab does not come to “${name}”`);
}
