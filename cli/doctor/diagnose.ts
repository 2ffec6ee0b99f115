import * as deployment from './deployment.ts';
import type { Facts, Finding } from './facts.ts';
import * as group from './group.ts';
import * as table from './table.ts';

/** Each rule with facts to judge; in the order in which they are read. */
const RULES: readonly ((facts: Facts) => Finding[])[] = [
  group.versions,
  group.settings,
  deployment.packaged,
  table.reachability,
  table.rights,
  table.clock,
  table.shape,
  table.timeToLive,
  table.backups,
  group.group,
  group.shards,
  group.replay,
  group.stream,
  deployment.deployedFunction,
  deployment.schedules,
];

export const diagnose = (facts: Facts): Finding[] => RULES.flatMap((rule) => rule(facts));

export const EXIT_WARNING = 3;
export const EXIT_ERROR = 4;

/** By the worst of them; what may be so, or is not known, is nothing wrong. */
export function exitCodeOf(findings: readonly Finding[]): number {
  if (findings.some(({ level }) => level === 'error')) return EXIT_ERROR;
  return findings.some(({ level }) => level === 'warning') ? EXIT_WARNING : 0;
}

const MARK: Readonly<Record<Finding['level'], string>> = {
  ok: 'ok',
  note: 'note',
  unknown: 'unknown',
  warning: 'WARNING',
  error: 'ERROR',
};

/** A line for each, and below it what is to be done. */
export function formatFindings(findings: readonly Finding[]): string {
  const widest = Math.max(...findings.map(({ about }) => about.length));
  const lines = findings.map(({ level, about, says, remedy }) => {
    const line = `${MARK[level].padEnd(7)}  ${about.padEnd(widest)}  ${says}\n`;
    return remedy === undefined ? line : `${line}${' '.repeat(widest + 11)}→ ${remedy}\n`;
  });
  const [errors, warnings] = (['error', 'warning'] as const).map(
    (wanted) => findings.filter(({ level }) => level === wanted).length,
  );
  return `${lines.join('')}\n${verdictOf(errors!, warnings!)}\n`;
}

function verdictOf(errors: number, warnings: number): string {
  if (errors + warnings === 0) return 'Nothing is wrong, as far as could be looked.';
  const parts = [errors > 0 ? `${errors} to mend` : '', warnings > 0 ? `${warnings} to look at` : ''];
  return `${parts.filter((part) => part !== '').join(', ')}.`;
}
