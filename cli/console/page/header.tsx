import { about as duration } from '../../amounts.ts';
import { ActionButton } from './actionButton.tsx';
import type { Link } from './connection.ts';
import { request } from './requests.ts';
import type { Seen } from './seen.ts';

/** Which group this is, whether what is seen is of now, and the switch of the whole group. */
export function Header({ seen: { about, state }, link }: { seen: Seen; link: Link }) {
  const { settings, status } = state ?? {};
  const isPaused = status === 'paused';
  return (
    <header>
      <div class="which">
        <img src="icon.svg" alt="" width="28" height="28" />
        <h1>
          <span class="hidden">Shardbeat, group </span>
          {about.group}
        </h1>
        <p class="where">
          {settings === undefined ? '' : <span>{settings.stream}</span>}
          <span>{about.place}</span>
          {settings === undefined ? '' : <span>ticks every {duration(settings.intervalMs)}</span>}
          {settings?.coordination === 'service' ? <span>shards assigned by the log service</span> : ''}
        </p>
      </div>
      <div class="switches">
        <p class={`link ${link.state}`} role="status">
          {TEXTS[link.state]}
        </p>
        {(isPaused || status === 'running' || status === 'idle') && (
          <ActionButton
            label={isPaused ? 'Resume group' : 'Pause group'}
            icon={isPaused ? 'resume' : 'pause'}
            act={() =>
              isPaused
                ? request('resume', {}).then(({ stillPaused }) => resumedText(stillPaused))
                : request('pause', {}).then(() => 'paused')
            }
          />
        )}
      </div>
    </header>
  );
}

const TEXTS: Readonly<Record<Link['state'], string>> = {
  connecting: 'connecting',
  open: 'live',
  lost: 'not connected',
};

const resumedText = (stillPaused: readonly string[]): string =>
  stillPaused.length === 0 ? 'resumed' : `resumed; still paused by themselves: ${stillPaused.join(', ')}`;
