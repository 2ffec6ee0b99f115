import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface Packed {
  name: 'shardbeat' | 'shardbeat-local';
  tarball: string;
  bytes: number;
  files: readonly string[];
}

/** Makes the tarballs of both packages, of sources that are built anew. */
export async function pack(root: string, directory: string): Promise<Record<Packed['name'], Packed>> {
  const npm = (...args: string[]): string =>
    execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  npm('run', '--silent', 'build');
  const packOf = (name: Packed['name']): Packed => {
    const args = ['pack', '--json', '--ignore-scripts', '--workspace', name, '--pack-destination', directory];
    const answer: unknown = JSON.parse(npm(...args));
    // One version of npm tells a list, another one an object by name.
    const [told] = Object.values(answer as object) as [
      { filename: string; size: number; files: { path: string }[] },
    ];
    const files = told.files.map(({ path }) => path);
    return { name, tarball: join(directory, told.filename), bytes: told.size, files };
  };
  return { shardbeat: packOf('shardbeat'), 'shardbeat-local': packOf('shardbeat-local') };
}
