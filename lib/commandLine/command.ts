/** What a command of the command line consists of, as data: parsing, help and completion are made of it. */

/** An option. `node:util` parses by the first four. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean | string[];
  /** What stands for its value in the help, such as `FILE`. */
  readonly value?: string;
  /** What it does, for the help; its first sentence is shown beside a completion. */
  readonly help: string;
  /** All values that there are. */
  readonly choices?: readonly string[];
  /** Over which heading it stands in the help; `Options` unless set. */
  readonly section?: string;
}

export type Options = Readonly<Record<string, OptionSpec>>;

/** A word that is no option: `SLOT`. */
export interface WordSpec {
  readonly name: string;
  readonly help: string;
  readonly optional?: boolean;
  /** All that it may be. */
  readonly choices?: readonly string[];
}

/** All that is said of a command. */
export interface CommandText<O extends Options = Options> {
  /** As it is typed, such as `status` or `serve sls`. */
  readonly name: string;
  /** One line for the list of commands: what it does. */
  readonly summary: string;
  /** More, in paragraphs, for its own help. */
  readonly about?: string;
  readonly words?: readonly WordSpec[];
  readonly options: O;
  /** What is typed, and what that does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Those with a meaning of their own; 0, 1 and 2 are explained unless set. */
  readonly exitCodes?: Readonly<Record<number, string>>;
}

type ValueOf<S> = S extends { type: 'boolean' }
  ? boolean
  : S extends { choices: readonly (infer C)[] }
    ? C
    : string;
type ReadOf<S> = S extends { multiple: true } ? ValueOf<S>[] : ValueOf<S>;

/** What was given, by the name of the option. */
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends { default: string | boolean | string[] }
    ? ReadOf<O[K]>
    : ReadOf<O[K]> | undefined;
};

export const HELP_OPTION = { type: 'boolean', short: 'h', default: false, help: 'this text' } as const;
