import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** What each file imports, values and types alike, also by `import('…')`: paths of files here, and names of packages. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** Reads every TypeScript file below the folders. `root` is a path. */
export function readImports(root: string, folders: readonly string[]): Imports {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root })).sort();
  return new Map(files.map((file) => [file, importsOf(file, readFileSync(join(root, file), 'utf8'))]));
}

export function importsOf(file: string, source: string): string[] {
  const named = new Set<string>();
  collect(parseAst(source, { lang: file.endsWith('.tsx') ? 'tsx' : 'ts' }, file), named);
  const isHere = (specifier: string): boolean => specifier.startsWith('.');
  return [...named].map((specifier) =>
    isHere(specifier) ? normalize(join(dirname(file), specifier)) : specifier,
  );
}

/** Whatever names a module (`import`, `export … from`, `import()`, of a type as well) has it as `source`. */
function collect(node: unknown, named: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  const { source } = node as { source?: { type?: unknown; value?: unknown } | null };
  if (source?.type === 'Literal') named.add(String(source.value));
  for (const child of Object.values(node)) collect(child, named);
}

/** A way from each node of a circle back to itself, one for each circle that is found; empty where there is none. */
export function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    const at = path.indexOf(node);
    if (at >= 0) circles.push([...path.slice(at), node]);
    if (at >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return circles;
}

/** The same graph between what `groupOf` puts together. */
export function folded(imports: Imports, groupOf: (file: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [file, others] of imports) {
    const group = groupOf(file);
    const known = new Set(groups.get(group));
    for (const other of others.map(groupOf)) if (other !== group) known.add(other);
    groups.set(group, [...known]);
  }
  return groups;
}
