/** The browser of the suite: Debian's Chromium, which is installed where that is possible. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { env } from 'node:process';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const isRoot = (): boolean => process.getuid?.() === 0;

/** Undefined if there is none, and none can be installed; that is said. */
export async function launchChromium(): Promise<Browser | undefined> {
  const executablePath = find() ?? (await install());
  if (executablePath === undefined) return undefined;
  // Chromium's own sandbox refuses to be started by root.
  return chromium.launch({ executablePath, args: isRoot() ? ['--no-sandbox'] : [] });
}

const find = (): string | undefined =>
  [env.CHROMIUM, ...PLACES].find((place) => place !== undefined && existsSync(place));

async function install(): Promise<string | undefined> {
  if (!isRoot()) {
    console.log('Chromium is missing: install Debian’s package chromium, or name the program in CHROMIUM');
    return undefined;
  }
  const isInstalled =
    (await succeeds('apt-get', ['update', '-qq'])) &&
    (await succeeds('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium']));
  if (!isInstalled) console.log('Chromium is missing, and apt-get could not install it');
  return find();
}

async function succeeds(program: string, words: string[]): Promise<boolean> {
  const child = spawn(program, words, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return once(child, 'close').then(
    ([code]) => code === 0,
    () => false,
  );
}
