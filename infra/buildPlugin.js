/** Bundles the functions before the Framework zips them: what is deployed is never an old bundle. */
export default class BuildPlugin {
  hooks = {
    'before:package:createDeploymentArtifacts': async () => {
      // Imported here: the Framework loads plugins with `require`, which takes no module that awaits at its top level.
      const { buildExample } = await import('../build.ts');
      await buildExample();
    },
  };
}
