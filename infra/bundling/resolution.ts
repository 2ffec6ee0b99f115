import { createRequire, isBuiltin } from 'node:module';
import { extname, isAbsolute, join } from 'node:path';
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import { directoryOf } from './packages.ts';

/** This module is TypeScript in the repository and JavaScript in the package, and so is what it finds beside itself. */
const EXTENSION = extname(import.meta.filename);
const LIB = join(import.meta.dirname, '../../lib');
export const LIBRARY = join(LIB, `index${EXTENSION}`);
export const CONSUME = join(LIB, `consume${EXTENSION}`);
export const STACKS = join(LIB, `stacks${EXTENSION}`);
export const STARTER = join(LIB, `starter${EXTENSION}`);
const LAMBDA_CREDENTIALS = join(LIB, `credentials/lambdaCredentials${EXTENSION}`);
const CREDENTIALS_PACKAGE = '@aws-sdk/credential-provider-node';

/** Of the client with which this library calls its table. */
export const CLIENT_DIRECTORY = directoryOf(createRequire(LIBRARY).resolve('@aws-sdk/client-dynamodb'));

export interface Resolution {
  /** Packages that the user says are not bundled. */
  external: readonly string[];
  /** Folders of packages that cannot be bundled. */
  needing: ReadonlySet<string>;
  /** Whether the user's code imports the very client that this library imports. */
  usesClient: boolean;
}

const PASSED_ON = Symbol('passed on');

/**
 * Tells esbuild what an import of a package means: one that is shipped stays an import; what is required is what Node would take,
 * which is CommonJS where there is a choice; and our own client of the table does without the ways to credentials that Lambda
 * never goes, a fifth of the bundle. Other clients of the user's keep theirs.
 *
 * A module of Node is required, not imported: an import asks it for every name that it has, used or not, and `node:http` then loads
 * all that `fetch` and `WebSocket` need, which takes longer than the rest of a cold start's modules of Node together.
 */
export function resolution({ external, needing, usesClient }: Resolution): Plugin {
  const isExternal = (path: string): boolean =>
    external.some((name) => path === name || path.startsWith(`${name}/`));
  return {
    name: 'shardbeat',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async (args) => {
        if (args.pluginData === PASSED_ON || args.kind === 'entry-point') return undefined;
        if (isAbsolute(args.path)) return undefined;
        if (isBuiltin(args.path))
          return isRequired(args) ? undefined : { path: args.path, namespace: BUILTIN };
        if (isExternal(args.path)) return { path: args.path, external: true };
        if (args.path === CREDENTIALS_PACKAGE && !usesClient && isOurs(args.importer)) {
          return { path: LAMBDA_CREDENTIALS };
        }
        if (args.kind !== 'require-call' && needing.size === 0) return undefined;
        const found = args.kind === 'require-call' ? asNodeRequires(args) : await asImported(build, args);
        if (found?.path === undefined) return undefined;
        const shipped = needing.has(directoryOf(found.path) ?? '');
        return shipped ? { path: args.path, external: true } : found;
      });
      build.onLoad({ filter: /./, namespace: BUILTIN }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
        loader: 'js',
      }));
    },
  };
}

/** Of modules of Node that are imported, which are required in place of that. */
const BUILTIN = 'node';

const isRequired = ({ kind }: OnResolveArgs): boolean =>
  kind === 'require-call' || kind === 'require-resolve';

const isOurs = (importer: string): boolean => directoryOf(importer) === CLIENT_DIRECTORY;

/** Undefined for what cannot be found: esbuild decides whether that is an error. */
function asNodeRequires({ path, importer }: OnResolveArgs): OnResolveResult | undefined {
  try {
    return { path: createRequire(importer).resolve(path) };
  } catch {
    return undefined;
  }
}

async function asImported(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
  const { importer, resolveDir, kind } = args;
  const found = await build.resolve(args.path, { importer, resolveDir, kind, pluginData: PASSED_ON });
  if (found.errors.length > 0) return undefined;
  const { path, namespace, external, sideEffects, suffix } = found;
  return { path, namespace, external, sideEffects, suffix };
}
