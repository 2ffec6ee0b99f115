/** A question on a terminal, in a process that has none: what is typed comes out of a stream. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { agreed } from '../../cli/change.ts';
import { defineCommand } from '../../cli/command.ts';
import { askOn } from '../../cli/question.ts';
import { runCommandLine } from '../../cli/run.ts';
import { createWorld } from './world.ts';

const [CTRL_C, CTRL_D] = ['\u0003', '\u0004'];

const dare = defineCommand({
  name: 'dare',
  summary: 'asks',
  options: {},
  examples: [],
  run: async (_given, world) => ((await agreed(world, { yes: false }, 'Really?')) ? 0 : 3),
});

async function answered(typed: string) {
  const input = new PassThrough();
  const output = new PassThrough();
  const world = createWorld({ ask: (question) => askOn(input, output, question) });
  const code = runCommandLine([{ heading: '', commands: [dare] }], ['dare'], world);
  input.write(typed);
  return { code: await code, said: world.said(), shown: String(output.read()) };
}

describe('a question', () => {
  it('is asked, and answered by a line', async () => {
    const { code, said, shown } = await answered('yes\n');
    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(shown).toContain('Really? Type yes to go on: ');
  });

  it('is left by Ctrl-C as any command is, and no stack is shown', async () => {
    const { code, said, shown } = await answered(CTRL_C);
    expect({ code, said }).toEqual({ code: 130, said: '' });
    expect(shown).toMatch(/\n$/);
  });

  it.each([
    ['Ctrl-D', CTRL_D],
    ['a line that is not the answer', 'y\n'],
  ])('is not agreed to by %s', async (_what, typed) => {
    expect(await answered(typed)).toMatchObject({ code: 3, said: 'nothing was changed' });
  });
});
