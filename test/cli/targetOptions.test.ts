import { expect, it } from 'vitest';
import { optionsOf, type TargetOptions } from '../../cli/target.ts';

const NONE: TargetOptions = {
  group: undefined,
  table: undefined,
  region: undefined,
  profile: undefined,
  stage: undefined,
  function: undefined,
  'dead-letters': undefined,
};

it('the options of a group are those that were given, as a shell takes them', () => {
  expect(optionsOf(NONE)).toBe('');
  expect(optionsOf({ ...NONE, stage: 'prod', group: 'orders' })).toBe('--group orders --stage prod');
  const hostile = { ...NONE, table: "it's; rm -rf $HOME", profile: '', 'dead-letters': 's3://bucket/a b' };
  expect(optionsOf(hostile)).toBe(
    `--table 'it'\\''s; rm -rf $HOME' --profile '' --dead-letters 's3://bucket/a b'`,
  );
});
