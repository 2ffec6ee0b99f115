import { strict as assert } from 'node:assert';
import type { Settings } from '../config/settings.ts';
import type { Source } from '../sources/source.ts';
import { createCls } from './cls.ts';
import type { ComposedSource, SourceRuntime } from './composed.ts';
import { createSls } from './sls.ts';

/** The source that the settings name, or the one that the function brings. */
export function composeSource(settings: Settings, runtime: SourceRuntime, own?: Source): ComposedSource {
  switch (settings.source) {
    case 'sls':
      return createSls(settings, runtime);
    case 'cls':
      return createCls(settings, runtime);
    case 'own':
      assert(own !== undefined, 'the settings are of a source that the function brings');
      return { source: own, serviceGroup: undefined };
  }
}
