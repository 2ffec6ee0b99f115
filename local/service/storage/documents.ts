import { crc32 } from 'node:zlib';
import type { Database } from './database.ts';
import { damaged } from './unusable.ts';

/** Where a document is: of what kind, in what, and its name there. At the top, `parent` is empty. */
export interface DocumentKey {
  readonly kind: string;
  readonly parent: string;
  readonly name: string;
}

/** How a kind of document is read. */
export interface Reading<T> {
  /** Throws what is wrong with the text. */
  parse(text: string, parent: string): T;
  nameOf(document: NoInfer<T>): string;
}

/** JSON by name, replaced as a whole. */
export interface Documents {
  /** All of a kind, with what they are in. Throws a SettingsError for `data` if one is not its own. */
  all<T>(kind: string, reading: Reading<T>): { parent: string; document: T }[];
  put(key: DocumentKey, text: string): void;
  delete(key: DocumentKey): void;
  /** All of a kind that are in one. */
  deleteIn(kind: string, parent: string): void;
}

/** Throws a SettingsError for `data` if any document is damaged. */
export function openDocuments({ prepare, path }: Database): Documents {
  const select = prepare('SELECT parent, name, value FROM document WHERE kind = ? ORDER BY parent, name');
  const insert = prepare(
    'INSERT OR REPLACE INTO document (kind, parent, name, value, crc32) VALUES (?, ?, ?, ?, ?)',
  );
  const remove = prepare('DELETE FROM document WHERE kind = ? AND parent = ? AND name = ?');
  const removeIn = prepare('DELETE FROM document WHERE kind = ? AND parent = ?');
  // All of them, whatever their kind: one of a kind that nobody asks for would not be missed.
  for (const row of prepare('SELECT * FROM document').iterate()) {
    const { kind, parent, name, value, crc32: sum } = row as unknown as DocumentKey & Stored;
    const isWhole = sum === checksumOf({ kind, parent, name }, value);
    if (!isWhole) throw damaged(path, `the ${kind} ${name} is damaged`);
  }

  const read = <T>(key: DocumentKey, text: string, { parse, nameOf }: Reading<T>): T => {
    const what = `the ${key.kind} ${key.name}${key.parent && ` of ${key.parent}`}`;
    let document: T;
    try {
      document = parse(text, key.parent);
    } catch (error) {
      throw damaged(path, `${what} cannot be understood (${(error as Error).message})`);
    }
    if (nameOf(document) !== key.name) throw damaged(path, `${what} has another name in it`);
    return document;
  };

  return {
    all: (kind, reading) =>
      select.all(kind).map((row) => {
        const [parent, name] = [String(row.parent), String(row.name)];
        return { parent, document: read({ kind, parent, name }, String(row.value), reading) };
      }),
    put: (key, text) => {
      insert.run(key.kind, key.parent, key.name, text, checksumOf(key, text));
    },
    delete: ({ kind, parent, name }) => {
      remove.run(kind, parent, name);
    },
    deleteIn: (kind, parent) => {
      removeIn.run(kind, parent);
    },
  };
}

interface Stored {
  readonly value: string;
  readonly crc32: number;
}

function checksumOf({ kind, parent, name }: DocumentKey, text: string): number {
  return crc32(JSON.stringify([kind, parent, name, text]));
}
