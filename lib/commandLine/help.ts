import { type CommandText, HELP_OPTION, type Options } from './command.ts';

const WIDTH = 100;
/** An option and its value that are longer have their text on the next line. */
const LEFT_MAX = 27;
const OPTIONS = 'Options';

const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'it failed',
  2: 'an option or a setting cannot be used; the message names it and what to do',
};

/** `shardbeat COMMAND --help`; of another program, what it is called and what is typed. */
export function helpOf(
  { name, summary, about, words = [], options, examples, exitCodes }: CommandText,
  called: { program: string; typed: string } = { program: 'shardbeat', typed: `shardbeat ${name}` },
): string {
  const usage = words.map(({ name, optional }) => (optional ? `[${name}]` : name));
  const sections = [
    wrapped(`${called.program} ${name}: ${summary}`, WIDTH).join('\n'),
    ...(about === undefined
      ? []
      : about.split('\n\n').map((paragraph) => wrapped(paragraph, WIDTH).join('\n'))),
    [`  ${called.typed}`, ...usage, '[options]'].join(' '),
    ...(words.length === 0 ? [] : [words.map(({ name, help }) => entry(name, help)).join('\n')]),
    ...optionSections({ ...options, help: HELP_OPTION }),
    ...(examples.length === 0
      ? []
      : [`Examples\n${examples.map(([line, does]) => `  ${line}\n      ${does}`).join('\n')}`]),
    exitCodeLines({ ...EXIT_CODES, ...exitCodes }),
  ];
  return `${sections.join('\n\n')}\n`;
}

function optionSections(options: Options): string[] {
  const headings = [...new Set(Object.values(options).map(({ section = OPTIONS }) => section))];
  // What is special to a command comes first.
  headings.sort((one, other) => Number(other === OPTIONS) - Number(one === OPTIONS));
  return headings.map((heading) => {
    const entries = Object.entries(options).filter(([, { section = OPTIONS }]) => section === heading);
    const lines = entries.map(([name, { short, value, help }]) => {
      const written = `${short === undefined ? '' : `-${short}, `}--${name}`;
      return entry(value === undefined ? written : `${written} ${value}`, help);
    });
    return `${heading}\n${lines.join('\n')}`;
  });
}

function entry(left: string, text: string): string {
  const lines = wrapped(text, WIDTH - LEFT_MAX - 2);
  const indent = ' '.repeat(LEFT_MAX + 2);
  const isLong = left.length > LEFT_MAX - 2;
  const first = isLong ? [`  ${left}`, `${indent}${lines[0]}`] : [`  ${left.padEnd(LEFT_MAX)}${lines[0]}`];
  return [...first, ...lines.slice(1).map((line) => indent + line)].join('\n');
}

function exitCodeLines(codes: Readonly<Record<number, string>>): string {
  return wrapped(
    `Exit code: ${Object.entries(codes)
      .map(([code, means]) => `${code} ${means}`)
      .join('; ')}.`,
    WIDTH,
  ).join('\n');
}

/** Lines of whole words; one that is longer has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
