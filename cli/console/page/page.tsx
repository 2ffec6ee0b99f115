import { useEffect, useMemo, useState } from 'preact/hooks';
import type { State } from '../feed.ts';
import { connect, type Link } from './connection.ts';
import { DeadLetters } from './deadLetters.tsx';
import { Events } from './events.tsx';
import { Figures } from './figures.tsx';
import { Header } from './header.tsx';
import { Lost } from './lost.tsx';
import { useNow } from './now.ts';
import { Patterns } from './patterns.tsx';
import { Plots } from './plots.tsx';
import { type Range, rangeOf } from './range.ts';
import type { Seen } from './seen.ts';
import { looksOf } from './slots.ts';
import { Timeline } from './timeline.tsx';
import { VerdictBanner } from './verdictBanner.tsx';

const EMPTY: Pick<State, 'slots' | 'shards'> = { slots: [], shards: [] };

/** Everything, and what its parts have in common: the time, the range that is looked at, and the shard. */
export function Page() {
  const [seen, setSeen] = useState<Seen>();
  const [link, setLink] = useState<Link>({ state: 'connecting' });
  const [range, setRange] = useState<Range>('5m');
  const [shard, setShard] = useState<string>();
  useEffect(() => connect('events', { seen: setSeen, link: setLink }), []);
  const now = useNow(seen?.skewMs ?? 0, link.state !== 'lost');
  const { slots } = seen?.state ?? EMPTY;
  const names = [...slots.map(({ slot }) => slot), ...Object.keys(seen?.history.ticks ?? {})].join('\n');
  const looks = useMemo(() => looksOf(names.split('\n')), [names]);
  if (seen === undefined) return <Lost link={link} />;
  const show = (name: string): void => {
    setShard(name);
    // It is there once it is drawn.
    requestAnimationFrame(() => {
      const row = document.getElementById(`shard-${name}`);
      row?.scrollIntoView({ block: 'nearest' });
      row?.querySelector('button')?.focus();
    });
  };
  const age = link.state === 'lost' ? 'stale' : seen.failure !== undefined ? 'unseen' : undefined;
  const window = rangeOf(range, seen, now);
  return (
    <>
      <Patterns />
      <Header seen={seen} link={link} />
      <Lost link={link} now={now} />
      <main class={age}>
        <VerdictBanner seen={seen} onShard={show} />
        <Figures seen={seen} />
        <Timeline {...{ seen, looks, window, range, shard, now }} onRange={setRange} onShard={setShard} />
        <Plots {...{ seen, window, shard }} />
        <div class="beside">
          <DeadLetters seen={seen} now={now} />
          <Events {...{ seen, shard, now }} onShard={setShard} />
        </div>
      </main>
    </>
  );
}
