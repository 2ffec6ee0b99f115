/**
 * `npm run test:dynamodb-local`: the conformance suite of the group store against Amazon's own DynamoDB Local, which
 * needs Java. The embedded DynamoDB of all other tests is a reimplementation; this says whether it answers alike.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { installDynamodbLocal, LICENCE_NOTE } from './install.ts';
import { startDynamodbLocal } from './service.ts';

const ROOT = join(import.meta.dirname, '../..');
const JAVA_VERSION_MIN = 17;

/** The major version of the `java` on the path; undefined if there is none. */
async function javaVersion(): Promise<number | undefined> {
  const java = spawn('java', ['-version'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  java.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  try {
    await once(java, 'close');
  } catch {
    return undefined;
  }
  const major = /version "(\d+)/.exec(text)?.[1];
  return major === undefined ? undefined : Number(major);
}

async function runSuite(endpoint: string): Promise<number> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const config = join(import.meta.dirname, 'vitest.config.ts');
  const runner = spawn(process.execPath, [vitest, 'run', '--config', config], {
    cwd: ROOT,
    env: { ...process.env, DYNAMODB_LOCAL_ENDPOINT: endpoint },
    stdio: 'inherit',
  });
  const [code] = (await once(runner, 'close')) as [number | null];
  return code ?? 1;
}

const version = await javaVersion();
if (version === undefined || version < JAVA_VERSION_MIN) {
  const found = version === undefined ? 'no Java' : `no Java ≥ ${JAVA_VERSION_MIN} (found ${version})`;
  console.log(`skipped: ${found}`);
} else {
  console.log(LICENCE_NOTE);
  const jar = await installDynamodbLocal();
  await using service = await startDynamodbLocal(jar);
  console.log(`DynamoDB Local on ${service.endpoint}, Java ${version}`);
  process.exitCode = await runSuite(service.endpoint);
}
