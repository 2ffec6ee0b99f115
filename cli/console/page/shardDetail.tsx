import { counted, about as duration } from '../../amounts.ts';
import type { ShardState } from '../feed.ts';
import { ActionButton } from './actionButton.tsx';
import { request } from './requests.ts';

/** All that is known of a shard, and its switch. */
export function ShardDetail({ state }: { state: ShardState }) {
  const { shard, paused } = state;
  return (
    <div class="detail">
      <dl>
        {factsOf(state).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {state.state !== 'done' && (
        // One button for both, so that whoever pressed it by keyboard is still there.
        <ActionButton
          label={`${paused ? 'Resume' : 'Pause'} shard ${shard}`}
          icon={paused ? 'resume' : 'pause'}
          act={() =>
            paused
              ? request('resume', { shard }).then(() => 'resumed: it goes on where it was')
              : request('pause', { shard }).then(() => 'paused: nothing is read from it')
          }
        />
      )}
    </div>
  );
}

function factsOf(state: ShardState): [string, string][] {
  const { owner, assignedTo, waits, failures, checkpoint, parents, error, positions, lagMs, leftMs } = state;
  const facts: [string, string | undefined][] = [
    ['waits for', waits ?? 'nothing'],
    ['owner', owner ?? 'nobody yet'],
    ['plan', assignedTo === owner ? undefined : `gives it to ${assignedTo ?? 'nobody'}`],
    ['behind', positions === undefined ? undefined : counted(positions)],
    ['lag', lagMs === undefined ? undefined : duration(lagMs)],
    [
      'retention',
      leftMs === undefined
        ? undefined
        : leftMs === 0
          ? 'has passed the checkpoint'
          : `passes the checkpoint in ${duration(leftMs)}`,
    ],
    ['failures', failures === 0 ? undefined : `${failures} of what comes next`],
    ['parents', parents.length === 0 ? undefined : parents.join(', ')],
    ['checkpoint', checkpoint],
    ['lag unknown', error],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]]));
}
