import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { env, execPath } from 'node:process';

/** Somebody's folder, with nothing of this repository above it, in which commands see this Node and nothing else of here. */
export interface Folder extends AsyncDisposable {
  path: string;
  environment: NodeJS.ProcessEnv;
  within(name: string): Folder;
  run(...command: string[]): Promise<{ code: number; output: string }>;
  /** Gives what it wrote to stdout. Rejects with all that it wrote if it failed. */
  succeed(...command: string[]): Promise<string>;
  /** Adds packages to the project. */
  install(...packages: string[]): Promise<void>;
}

const COMMAND_MS_MAX = 300_000;

export async function makeFolder(files: Record<string, string> = {}): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'shardbeat-packages-'));
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
  return folderAt(path);
}

function folderAt(path: string): Folder {
  const PATH = `${dirname(execPath)}:${(env.PATH ?? '').split(':').filter(isForeign).join(':')}`;
  // What npm tells its scripts would be taken for this folder's; how a registry is reached and trusted is the machine's.
  const kept = Object.entries(env).filter(
    ([name]) =>
      !/^npm_|^NODE_/i.test(name) || /^(npm_config_(registry|cache)|NODE_EXTRA_CA_CERTS)$/i.test(name),
  );
  const environment = {
    ...Object.fromEntries(kept),
    PATH,
    NO_COLOR: '1',
    npm_config_update_notifier: 'false',
    // A connection that says nothing is given up, and tried again, several times before the command is.
    npm_config_fetch_timeout: '20000',
    npm_config_fetch_retries: '5',
    npm_config_fetch_retry_mintimeout: '1000',
    npm_config_fetch_retry_maxtimeout: '5000',
  };
  const call = (command: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const [file = '', ...args] = command;
      const options = { cwd: path, env: environment, timeout: COMMAND_MS_MAX, maxBuffer: 2 ** 26 };
      const child = execFile(file, args, options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code) || 1, stdout, stderr }),
      );
      child.stdin?.end();
    });
  const folder: Folder = {
    path,
    environment,
    within: (name) => folderAt(join(path, name)),
    run: async (...command) => {
      const { code, stdout, stderr } = await call(command);
      return { code, output: stderr + stdout };
    },
    succeed: async (...command) => {
      const { code, stdout, stderr } = await call(command);
      if (code !== 0) throw new Error(`${command.join(' ')} ended with code ${code}:\n${stderr}${stdout}`);
      return stdout;
    },
    install: async (...packages) => {
      await folder.succeed('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
  return folder;
}

const isForeign = (directory: string): boolean => !directory.includes('node_modules');
