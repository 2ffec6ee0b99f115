/**
 * `npm run test:template`: every kind of template, as `osls package` makes it, and that of examples/cloudformation, against the schemas
 * that CloudFormation has of its resources in each region. They come with cfn-lint, which is installed if there is a Python.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPythonTool } from '../interop/toolchains.ts';
import { packageFiles } from '../package/osls.ts';
import { variants } from './variants.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/cloudformation/template.yml');

/** What is told, and is meant to be so. */
const MEANT = [
  'W3002', // The example's code is a folder, which `aws cloudformation package` uploads.
  'W3005', // The Framework says of a function that it depends on its role, which it refers to.
];
/** Of both kinds of domains, and one of those in which new properties of resources come last. */
const REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-1', 'ap-east-2', 'cn-north-1'];

const linter = await installPythonTool('cfn-lint', join(import.meta.dirname, 'requirements.txt'));
if (linter === undefined) console.log('skipped: no python3');
else {
  const directory = await mkdtemp(join(tmpdir(), 'shardbeat-template-'));
  try {
    const templates = [EXAMPLE];
    for (const { name, stage, files } of variants) {
      await using packaged = await packageFiles(files, '--stage', stage);
      const path = join(directory, `${name}.json`);
      await writeFile(path, JSON.stringify(packaged.template, null, 2));
      templates.push(path);
    }
    const words = ['--regions', ...REGIONS, '--ignore-checks', ...MEANT, '--template', ...templates];
    const [code] = await once(spawn(linter, words, { stdio: ['ignore', 'inherit', 'inherit'] }), 'close');
    if (code === 0) console.log(`ok      ${templates.length} templates, ${REGIONS.length} regions`);
    else process.exitCode = 1;
  } finally {
    await rm(directory, { recursive: true });
  }
}
