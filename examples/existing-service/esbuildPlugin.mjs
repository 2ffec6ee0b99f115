import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles every function of the service from `src`, as the service did before it had shardbeat. */
export default class EsbuildPlugin {
  constructor(serverless) {
    this.hooks = {
      'before:package:createDeploymentArtifacts': async () => {
        for (const { handler } of Object.values(serverless.service.functions)) {
          const name = handler.replace(/^dist\//, '').replace(/\.handler$/, '');
          await build({
            entryPoints: [join(serverless.serviceDir, 'src', `${name}.ts`)],
            outfile: join(serverless.serviceDir, 'dist', `${name}.js`),
            bundle: true,
            format: 'esm',
            platform: 'node',
            target: 'node22',
          });
        }
      },
    };
  }
}
