import { expect, it } from 'vitest';
import { optionsOf } from '../../cli/target.ts';
import { NONE } from './noOptions.ts';

it('the options of a group are those that were given, as a shell takes them', () => {
  expect(optionsOf(NONE)).toBe('');
  expect(optionsOf({ ...NONE, stage: 'prod', group: 'orders' })).toBe('--group orders --stage prod');
  const hostile = { ...NONE, table: "it's; rm -rf $HOME", profile: '', 'dead-letters': 's3://bucket/a b' };
  expect(optionsOf(hostile)).toBe(
    `--table 'it'\\''s; rm -rf $HOME' --profile '' --dead-letters 's3://bucket/a b'`,
  );
});
