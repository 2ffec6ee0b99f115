/**
 * `import 'shardbeat/stacks'`, before anything else: the stacks of a bundled function's errors name sources, as with Node's
 * `--enable-source-maps`, but the map is read when the first of them is asked for, and not at every cold start.
 */
import { nameStacks } from './observe/namedStacks.ts';

nameStacks();
