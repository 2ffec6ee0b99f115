import { useEffect, useState } from 'preact/hooks';
import { several } from '../../amounts.ts';
import type { Finding } from './findings.ts';
import { Icon } from './icon.tsx';
import type { Seen } from './seen.ts';
import { verdictOf } from './verdict.ts';

const SIGNS: Readonly<Record<Finding['level'], string>> = { good: '', note: '', warning: '! ', bad: '✕ ' };

/** At the top of all: how it stands, worst first, with what to type. */
export function VerdictBanner({ seen, onShard }: { seen: Seen; onShard(shard: string): void }) {
  const { first, others, waiting } = verdictOf(seen.about, seen.state, seen.failure);
  const { group } = seen.about;
  useEffect(() => {
    // Also a tab that nobody looks at tells how it stands.
    document.title = `${SIGNS[first.level]}${group} · Shardbeat`;
  }, [first.level, group]);
  return (
    <section class={`verdict ${first.level}`} aria-labelledby="verdict" aria-live="polite">
      <FirstFinding finding={first} onShard={onShard} waiting={waiting} />
      {others.length > 0 && (
        <details open={others.length <= 2}>
          <summary>
            {first.level === 'good'
              ? several(others.length, 'remark')
              : `and ${several(others.length, 'more thing')}`}
          </summary>
          <ul>
            {others.map((finding) => (
              <li key={finding.says} class={finding.level}>
                <OtherFinding finding={finding} onShard={onShard} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

interface FindingProps {
  readonly finding: Finding;
  onShard(shard: string): void;
}

function FirstFinding({ finding, onShard, waiting }: FindingProps & { waiting: string }) {
  const { level, says, because, advice } = finding;
  return (
    <div class="finding">
      <Sign level={level} />
      <div class="words">
        <h2 class="says" id="verdict">
          {says}
        </h2>
        {because !== undefined && <p class="because">{because}</p>}
        {waiting !== '' && <p class="waiting">{waiting}</p>}
        {advice !== undefined && <p class="advice">{advice}</p>}
      </div>
      <ToDo finding={finding} onShard={onShard} />
    </div>
  );
}

function OtherFinding({ finding, onShard }: FindingProps) {
  const { level, says, because, advice } = finding;
  return (
    <div class="finding">
      <Sign level={level} />
      <p class="words">
        <strong>{says}</strong> {because} <span class="advice">{advice}</span>
      </p>
      <ToDo finding={finding} onShard={onShard} />
    </div>
  );
}

const Sign = ({ level }: Pick<Finding, 'level'>) => (
  <span class={`sign ${level}`}>
    <Icon name={level} />
    <span class="hidden">{level}: </span>
  </span>
);

const ToDo = ({ finding: { command, shard }, onShard }: FindingProps) => (
  <div class="todo">
    {shard !== undefined && (
      <button type="button" class="plain" onClick={() => onShard(shard)}>
        Show shard {shard}
      </button>
    )}
    {command !== undefined && <Command text={command} />}
  </div>
);

/** What to type, and a button that copies it. */
function Command({ text }: { text: string }) {
  const [says, setSays] = useState('');
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setSays('copied'),
      () => setSays('select it to copy it'),
    );
  };
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" onClick={copy} aria-label={`Copy ${text}`} title="Copy">
        <Icon name="copy" />
      </button>
      <output>{says}</output>
    </span>
  );
}
