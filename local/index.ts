/** What the command line of `shardbeat` looks for in this package: its commands. Each returns the exit code, and never throws. */
export { local } from './commands/local.ts';
export { serve } from './commands/serve.ts';
