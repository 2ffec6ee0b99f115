/** What `plugins: [shardbeat]` in serverless.yml names: the Framework takes a package's own default export. */
export default class FrameworkPlugin {
  /** Gives the plugin itself, which is loaded only here: no function needs it, so no bundle may have it. */
  constructor(...given: unknown[]) {
    const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const { default: Plugin } = require(`../infra/plugin${extension}`) as {
      default: new (...given: unknown[]) => FrameworkPlugin;
    };
    // biome-ignore lint/correctness/noConstructorReturn: the Framework is to have the plugin, not what found it.
    return new Plugin(...given);
  }
}
