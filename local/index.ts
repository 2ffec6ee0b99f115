/** What the command line of `shardbeat` looks for in this package: its commands. Each returns the exit code, and never throws. */
export { local } from './commands/local.ts';
export { serve } from './commands/serve.ts';

import { SERVE_CLS_TEXT } from './cls/serve/options.ts';
import { LOCAL_TEXT } from './commands/options.ts';
import { SERVE_SLS_TEXT } from './sls/serve/options.ts';

/** What is said of the commands: the command line completes their options by it. */
export const texts = [LOCAL_TEXT, SERVE_SLS_TEXT, SERVE_CLS_TEXT];
