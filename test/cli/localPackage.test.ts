import { expect, it } from 'vitest';
import { loadLocalPackage } from '../../cli/localPackage.ts';

it('what needs the local package says so on a Node that is too old for it', async () => {
  await expect(loadLocalPackage('serve', '22.23.3')).rejects.toThrow(
    /^Node: "22\.23\.3" cannot be used: shardbeat serve needs Node 24 or newer, .*npm i -D node@24$/,
  );
  expect(await loadLocalPackage('serve', '24.0.0')).toHaveProperty('serve');
});
