import { expect, it } from 'vitest';
import { sayEvents } from '../../cli/events.ts';
import { asLogger } from '../../lib/observe/anyLogger.ts';

function said(tell: (logger: ReturnType<typeof asLogger>) => void): string[] {
  const lines: string[] = [];
  tell(asLogger(sayEvents((line) => lines.push(line))));
  return lines;
}

it('what failed is a line for people: what, of what, and why', () => {
  const lines = said((logger) => {
    logger.with({ shard: '0', letter: '0/7/1' }).error('redrive.failed', {
      redrives: 2,
      error: new TypeError('no such order'),
    });
    logger.warn('settings.unknown', { name: 'SHARDBEAT_GROOP', message: 'did you mean SHARDBEAT_GROUP?' });
    logger.error('mine', { error: 'just a text' });
  });
  expect(lines).toEqual([
    'redrive.failed, shard 0, letter 0/7/1, redrives 2: no such order',
    'settings.unknown, name SHARDBEAT_GROOP: did you mean SHARDBEAT_GROUP?',
    'mine: just a text',
  ]);
});

it('what went well is not said, and nothing of it moves the cursor of a terminal', () => {
  expect(said((logger) => logger.info('redrive.succeeded'))).toEqual([]);
  const [line] = said((logger) => logger.warn('odd', { text: 'a\u001b[2Jb\nc' }));
  expect(line).not.toMatch(/\p{Cc}/u);
});
