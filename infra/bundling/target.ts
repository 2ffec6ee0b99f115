/** Where a function runs; packages with native addons must fit. */
export interface Target {
  architecture: 'arm64' | 'x86_64';
  system: NodeJS.Platform;
  nodeMajor: number;
}

/** This machine. */
export const HOST: Target = {
  architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
  system: process.platform,
  nodeMajor: Number.parseInt(process.versions.node, 10),
};
