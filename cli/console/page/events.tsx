import type { Seen } from './seen.ts';
import { timeOf } from './times.ts';

interface EventsProps {
  readonly seen: Seen;
  readonly shard: string | undefined;
  readonly now: number;
  onShard(shard: string | undefined): void;
}

const SHOWN_MAX = 200;

/** What happened, latest first; of one shard alone, if one is looked at. */
export function Events({ seen, shard, now, onShard }: EventsProps) {
  const { events } = seen.history;
  const some = shard === undefined ? events : events.filter((event) => event.shard === shard);
  return (
    <section class="card events" aria-labelledby="events">
      <div class="heading">
        <h2 id="events">Events{shard === undefined ? '' : ` of shard ${shard}`}</h2>
        {shard !== undefined && (
          <button type="button" class="plain" onClick={() => onShard(undefined)}>
            all events
          </button>
        )}
      </div>
      {some.length === 0 ? (
        <p class="none">Nothing has happened yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
        <ol aria-label="Events, latest first" tabIndex={0}>
          {some
            .slice(-SHOWN_MAX)
            .reverse()
            .map(({ id, at, tone, text }) => (
              <li key={id} class={tone}>
                <time dateTime={new Date(at).toISOString()}>{timeOf(at, now)}</time>
                <span class="dot" aria-hidden="true" />
                <span>
                  {tone === 'bad' || tone === 'warning' ? <span class="hidden">{tone}: </span> : ''}
                  {text}
                </span>
              </li>
            ))}
        </ol>
      )}
    </section>
  );
}
