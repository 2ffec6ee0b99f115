/** The page of a run, which the command line serves. */
import type { LocalRun } from '../../lib/commandLine/localRuns.ts';
import type { OpenPage } from '../../lib/commandLine/page.ts';
import { errorText } from './errorText.ts';
import type { Screen } from './screen.ts';

/**
 * Has it served, and says where it is. Returns what ends it. Without a page it is a run all the same, unless its port was asked for:
 * then it rejects with a SettingsError.
 */
export async function showPage(
  { pagePort: port }: { readonly pagePort?: number | undefined },
  { openPage, screen }: { readonly openPage?: OpenPage | undefined; readonly screen: Pick<Screen, 'say'> },
  run: LocalRun,
  records: () => number,
): Promise<() => Promise<void>> {
  if (port === undefined || openPage === undefined) return async () => {};
  try {
    const { address, close } = await openPage({ run, port, records });
    screen.say(`page: ${address}`);
    return close;
  } catch (error) {
    if (port !== 0) throw error;
    screen.say(`no page: ${errorText(error)}`);
    return async () => {};
  }
}
