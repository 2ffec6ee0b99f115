import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../../lib/errors.ts';
import { showPage } from '../../../local/run/page.ts';

const run = { pid: 1, directory: '/', startedAt: 1, environment: {} };

describe('the page of a run', () => {
  const shown = async (given: { pagePort?: number; fails?: Error; isOld?: boolean }) => {
    const said: string[] = [];
    const calls: string[] = [];
    const openPage = async ({ port, records }: { port: number; records(): number }) => {
      calls.push(`port ${port}, ${records()} records`);
      if (given.fails) throw given.fails;
      return { address: 'http://127.0.0.1:1/token/', close: async () => void calls.push('closed') };
    };
    const world = {
      screen: { say: (text: string) => void said.push(text) },
      openPage: given.isOld ? undefined : openPage,
    };
    const close = await showPage({ pagePort: given.pagePort }, world, run, () => 7);
    await close();
    return { said, calls };
  };

  it('is opened, said, and closed', async () => {
    expect(await shown({ pagePort: 0 })).toEqual({
      said: ['page: http://127.0.0.1:1/token/'],
      calls: ['port 0, 7 records', 'closed'],
    });
  });

  it('is none where none is wanted, and where the command line knows none', async () => {
    expect(await shown({})).toEqual({ said: [], calls: [] });
    expect(await shown({ pagePort: 0, isOld: true })).toEqual({ said: [], calls: [] });
  });

  it('that cannot be had is no reason not to run, unless its port was asked for', async () => {
    const fails = new SettingsError('--page-port', 8080, 'another program listens there');
    expect(await shown({ pagePort: 0, fails })).toMatchObject({
      said: [expect.stringMatching(/^no page: SettingsError: /)],
    });
    await expect(shown({ pagePort: 8080, fails })).rejects.toThrow(fails);
  });
});
