import { describe, expect, it } from 'vitest';
import type { SourceBackend } from '../../lib/testing/conformance/sourceCase.ts';
import { sourceCases } from '../../lib/testing/conformance/sourceCases.ts';

/** A backend for one case, closed after it. */
export type ClosableBackend = Required<SourceBackend> & { closeAll(): Promise<void> };

/** What every driver of Source must do: the cases that anybody may run on a driver of his own. */
export function describeSource(name: string, setup: () => Promise<ClosableBackend>): void {
  describe(`the source ${name}`, () => {
    // The stand-ins say what the backend offers; each case makes one.
    const offers = { split: () => [], merge: () => expect.unreachable() };
    it.each(sourceCases(offers))('$name', async ({ run }) => {
      const backend = await setup();
      try {
        await run(backend);
      } finally {
        await backend.closeAll();
      }
    });
  });
}
