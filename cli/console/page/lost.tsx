import type { Link } from './connection.ts';
import { timeOf } from './times.ts';

/** Said where the server does not answer: what stands on the page is then of the past. */
export function Lost({ link, now }: { link: Link; now?: number }) {
  if (link.state === 'connecting') return <p class="alone">Connecting …</p>;
  if (link.state === 'open') return now === undefined ? <p class="alone">Looking at the group …</p> : null;
  return (
    <div class="lost" role="alert">
      <strong>The connection to the console is lost.</strong>{' '}
      {link.since !== undefined && now !== undefined
        ? `What stands here is as of ${timeOf(link.since, now)}. `
        : ''}
      It is tried again. If the console has ended, start it again and open the address that it prints.
    </div>
  );
}
