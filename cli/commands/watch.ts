import { parseAge } from '../../lib/commandLine/parse.ts';
import { parseDuration } from '../../lib/duration.ts';
import { SettingsError } from '../../lib/errors.ts';
import { several } from '../amounts.ts';
import { defineCommand } from '../command.ts';
import { type Look, lookAt } from '../look.ts';
import { findTarget } from '../target.ts';
import { formatLook } from '../view.ts';
import { LOOK_OPTIONS } from './status.ts';

const EVERY_MS_MIN = 500;
/** From the upper left, and what was there before goes. */
const [HOME, REST_OF_LINE, REST_OF_SCREEN] = ['\u001b[H', '\u001b[K', '\u001b[J'];
const [ENTER, LEAVE] = ['\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l'];

export const watch = defineCommand({
  name: 'watch',
  summary: 'shows what status shows, again and again, until Ctrl-C',
  about: `Where the deployed function is asked, that is done once in an interval of the group at most: a run of it costs money and, with a reserved concurrency, may hold up a tick. On a terminal the screen is drawn anew; elsewhere, or with --json, one state follows the other.`,
  options: {
    every: { type: 'string', value: 'D', default: '2s', help: 'how often, from 500ms (2s)' },
    ...LOOK_OPTIONS,
  },
  examples: [
    ['npx shardbeat watch', 'beside a local run'],
    ['npx shardbeat watch --stage prod --every 10s --table-only', 'a deployed group, by its table alone'],
  ],
  run: async ({ options }, world) => {
    const everyMs = parseDuration('--every', options.every);
    if (everyMs < EVERY_MS_MIN) throw new SettingsError('--every', options.every, 'choose 500ms or more');
    const retentionMs = parseAge('--retention', options.retention);
    const signal = world.untilStopped();
    const target = await findTarget(options, world, signal);
    const group = await target.open();
    const isDrawn = world.columns !== undefined && !options.json;
    let asked: Look | undefined;
    let intervalMs = 0;
    const isDue = (now: number): boolean =>
      asked === undefined || target.asks !== 'function' || now - asked.at >= intervalMs;
    const look = async (): Promise<Look> => {
      const now = world.clock.now();
      const askService = !options['table-only'] && isDue(now);
      const looked = await lookAt(target, group, { now, signal, askService, retentionMs });
      if (askService) asked = looked;
      intervalMs = looked.description.group?.settings.intervalMs ?? intervalMs;
      return { ...looked, lag: looked.lag ?? asked?.lag };
    };
    const show = (looked: Look): void => {
      const missing = looked.missing.map((line) => `not known: ${line}\n`).join('');
      const text = options.json ? JSON.stringify(looked) : formatLook(looked, world.columns) + missing;
      world.out(isDrawn ? drawn(text, world.rows) : `${text}\n`);
    };
    if (isDrawn) world.out(ENTER);
    try {
      while (!signal.aborted) {
        show(await look());
        await world.clock.sleep(everyMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      if (isDrawn) world.out(LEAVE);
    }
    return 0;
  },
});

/** No more lines than there are: whatever is more would push what was drawn first out of the screen. */
function drawn(text: string, rows = Number.POSITIVE_INFINITY): string {
  const lines = text.trimEnd().split('\n');
  const more = lines.length - rows + 1;
  const shown =
    lines.length > rows
      ? [
          ...lines.slice(0, rows - 1),
          `… ${several(more, 'line')} more: make the terminal higher, or see status`,
        ]
      : lines;
  return `${HOME}${shown.map((line) => line + REST_OF_LINE).join('\n')}${REST_OF_SCREEN}`;
}
