import { describe, expect, it } from 'vitest';
import { createClsConsumerGroup } from '../../../lib/sources/cls/consumerGroup.ts';
import { deriveTimes } from '../../../lib/times.ts';
import { describeServiceGroup } from '../../conformance/serviceGroup.ts';
import { createManualClock } from '../../support/clock.ts';
import { INTERVAL_MS } from '../../support/world.ts';
import { type ClsBehaviour, startClsStage } from '../../tick/stages/cls.ts';
import {
  clientOf,
  controlRefusal,
  controlReply,
  type Reply,
  type ScriptedServer,
  serve,
  signal,
  TOPIC,
} from './support.ts';

const OTHER = '33333333-3333-4333-8333-333333333333';
const A = `${TOPIC}:1`;
const B = `${TOPIC}:2`;
const C = `${OTHER}:1`;

/** How the live service behaves is not known in these. */
const BEHAVIOURS: [name: string, behaviour: ClsBehaviour][] = [
  ['cls', {}],
  ['cls, handing over at once', { handOver: 'immediate' }],
  ['cls, refusing strangers', { fencedCommits: true }],
];

for (const [name, behaviour] of BEHAVIOURS) {
  describeServiceGroup(name, async () => {
    const clock = createManualClock();
    const stage = await startClsStage({ clock, topics: { [TOPIC]: 2 }, service: behaviour });
    const { sessionTimeoutMs } = deriveTimes(INTERVAL_MS);
    return {
      serviceGroup: stage.serviceGroup!,
      sessionTimeoutMs,
      groupWith: stage.groupWith,
      waits: behaviour.handOver !== 'immediate',
      fenced: behaviour.fencedCommits === true,
      reportsWhen: false,
      beforeRemoval: () => clock.advance(sessionTimeoutMs + 1_000),
      async cursors(shard) {
        const begin = await stage.source.cursorAt(shard, { at: 'begin' }, signal);
        for (const key of ['0', '8']) await stage.put(TOPIC, key, 'a');
        return { begin, end: await stage.source.cursorAt(shard, { at: 'end' }, signal) };
      },
      advance: clock.advance,
      closeAll: stage.service.close,
    };
  });
}

const changes: unknown[][] = [];
const groupOf = (server: ScriptedServer, topics = [TOPIC]) =>
  createClsConsumerGroup({
    client: clientOf(server),
    topics,
    group: 'billing',
    sessionTimeoutMs: 40_500,
    onChange: (...change) => changes.push(change),
  });
const sent = (server: ScriptedServer) =>
  server.received.map(({ headers, body }) => {
    const { LogsetId: _, ...rest } = JSON.parse(body.toString()) as Record<string, unknown>;
    return [headers['x-tc-action'], rest];
  });
const DONE = controlReply({});
const groups = (...entries: [group: string, timeout: number, topics: string[]][]): Reply =>
  controlReply({
    ConsumerGroupsInfo: entries.map(([ConsumerGroup, Timeout, Topics]) => ({
      ConsumerGroup,
      Timeout,
      Topics,
    })),
  });
/** Shard → offset. */
function offsets(of: Record<string, bigint | number>): Reply {
  const topics = Map.groupBy(Object.entries(of), ([shard]) => shard.split(':')[0]!);
  return controlReply({
    TopicPartitionOffsetsInfo: [...topics].map(([TopicID, entries]) => ({
      TopicID,
      PartitionOffsets: entries.map(([shard, Offset]) => ({
        PartitionId: Number(shard.split(':')[1]),
        Offset,
      })),
    })),
  });
}

describe('joining a CLS group', () => {
  it('makes it with the session timeout in seconds, rounded up, and all topics', async () => {
    const server = await serve(groups(['other', 41, [TOPIC]]), DONE);
    await groupOf(server, [OTHER, TOPIC]).join(signal);
    expect(sent(server)).toEqual([
      ['DescribeConsumerGroups', {}],
      ['CreateConsumerGroup', { ConsumerGroup: 'billing', Timeout: 41, Topics: [TOPIC, OTHER] }],
    ]);
  });

  it('changes nothing where the settings are the same, in whatever order the topics are told', async () => {
    const server = await serve(groups(['billing', 41, [OTHER, TOPIC]]));
    await groupOf(server, [TOPIC, OTHER]).join(signal);
    expect(sent(server)).toHaveLength(1);
  });

  it.each([
    ['another timeout', 40, [TOPIC], 40_000],
    ['other topics', 41, [TOPIC, OTHER], undefined],
  ])('brings %s in line, and says so', async (_what, timeout, topics, theirsMs) => {
    changes.length = 0;
    const server = await serve(groups(['billing', timeout, topics]), DONE);
    await groupOf(server).join(signal);
    expect(sent(server)[1]).toEqual([
      'ModifyConsumerGroup',
      { ConsumerGroup: 'billing', Timeout: 41, Topics: [TOPIC] },
    ]);
    expect(changes).toEqual([['updated', theirsMs]]);
  });

  it('does not mind that somebody else made it meanwhile, which only the words of the refusal tell', async () => {
    const refused = controlRefusal('FailedOperation', 'the consumer group already exists');
    await groupOf(await serve(groups(), refused)).join(signal);
  });
});

describe('a heartbeat of CLS', () => {
  it('names what is held, topic by topic, those of which nothing is held too', async () => {
    const answer = { TopicPartitionsInfo: [{ TopicID: TOPIC, Partitions: [1, 2] }] };
    const server = await serve(controlReply(answer));
    expect(await groupOf(server, [TOPIC, OTHER]).heartbeat('consumer-0', [A], signal)).toEqual({
      known: true,
      assigned: [A, B],
    });
    expect(sent(server)).toEqual([
      [
        'SendConsumerHeartbeat',
        {
          ConsumerGroup: 'billing',
          Consumer: 'consumer-0',
          TopicPartitionsInfo: [
            { TopicID: TOPIC, Partitions: [1] },
            { TopicID: OTHER, Partitions: [] },
          ],
          PartitionStrategy: 2,
        },
      ],
    ]);
  });

  it('may name a partition twice', async () => {
    const entry = { TopicID: TOPIC, Partitions: [1, 1] };
    const server = await serve(controlReply({ TopicPartitionsInfo: [entry, entry] }));
    const heard = await groupOf(server).heartbeat('consumer-0', [], signal);
    expect(heard).toEqual({ known: true, assigned: [A] });
  });

  it.each([
    [TOPIC, ['x']],
    [TOPIC, ['1']],
    [TOPIC, [-1]],
    [TOPIC, [1.5]],
    [TOPIC, [2 ** 31]],
    [TOPIC, [null]],
    [TOPIC, 1],
    ['', [1]],
    ['a:b', [1]],
    [7, [1]],
    // Well-formed, and nobody here has a use for it.
    [OTHER, [1]],
    [TOPIC, Array.from({ length: 10_001 }, (_, index) => index)],
  ])('that is answered with %j %j is an unusable answer', async (TopicID, Partitions) => {
    const server = await serve(controlReply({ TopicPartitionsInfo: [{ TopicID, Partitions }] }));
    await expect(groupOf(server).heartbeat('consumer-0', [], signal)).rejects.toMatchObject({
      name: 'SourceError',
      code: 'BadResponse',
      retriable: true,
    });
  });

  it('to a group that has vanished makes it again, and says so', async () => {
    changes.length = 0;
    const missing = controlRefusal('ResourceNotFound.ConsumerGroupNotExist');
    const server = await serve(missing, DONE, controlReply({ TopicPartitionsInfo: [] }));
    expect(await groupOf(server).heartbeat('consumer-0', [], signal)).toEqual({ known: true, assigned: [] });
    expect(changes).toEqual([['recreated']]);
  });
});

describe('checkpoints of CLS', () => {
  it('of many partitions go in one request, with every digit', async () => {
    const server = await serve(DONE);
    const checkpoints = new Map([
      [A, '9007199254740993'],
      [B, '7'],
      [C, '9223372036854775807'],
    ]);
    const outcomes = await groupOf(server, [TOPIC, OTHER]).commit('consumer-0', checkpoints, signal);
    expect([...outcomes.values()]).toEqual(['committed', 'committed', 'committed']);
    expect(server.received).toHaveLength(1);
    const body = server.received[0]!.body.toString();
    expect(body).toContain('"Offset":9007199254740993}');
    expect(body).toContain('"Offset":9223372036854775807}');
  });

  it('refused together are tried one by one, as some of them may be somebody else’s', async () => {
    const denied = controlRefusal('OperationDenied');
    const server = await serve(denied, DONE, denied);
    const checkpoints = new Map([
      [A, '1'],
      [B, '2'],
    ]);
    const outcomes = await groupOf(server).commit('consumer-0', checkpoints, signal);
    expect(outcomes).toEqual(
      new Map([
        [A, 'committed'],
        [B, 'notOwner'],
      ]),
    );
  });

  it('of a partition that has gone do not hold up the others', async () => {
    const gone = controlRefusal('ResourceNotFound.PartitionNotExist');
    const server = await serve(gone, gone, DONE);
    const checkpoints = new Map([
      [A, '1'],
      [B, '2'],
    ]);
    const outcomes = await groupOf(server).commit('consumer-0', checkpoints, signal);
    expect(outcomes).toEqual(
      new Map([
        [A, 'notOwner'],
        [B, 'committed'],
      ]),
    );
  });

  it('that fail for anything else are failures, of all of them', async () => {
    const server = await serve(controlRefusal('OperationDenied.AccountIsolate'));
    const outcomes = await groupOf(server).commit('consumer-0', new Map([[A, '1']]), signal);
    expect(outcomes.get(A)).toMatchObject({ error: { code: 'OperationDenied.AccountIsolate' } });
  });

  it('are the offsets that are told whichever end is asked for', async () => {
    const begin = offsets({ [A]: 5, [B]: 0 });
    const server = await serve(begin, offsets({ [A]: 5, [B]: 9 }), begin);
    expect(await groupOf(server).checkpoints(signal)).toEqual(new Map([[A, '5']]));
    expect(sent(server).map(([, body]) => (body as { From: string }).From)).toEqual([
      'begin',
      'end',
      'begin',
    ]);
  });

  it('are not the offset -1, which official workers commit where they have read nothing', async () => {
    const server = await serve(offsets({ [A]: -1 }));
    expect(await groupOf(server).checkpoints(signal)).toEqual(new Map());
  });

  it('that move while they are asked for are asked for again', async () => {
    const server = await serve(
      offsets({ [A]: 5 }),
      offsets({ [A]: 6 }),
      offsets({ [A]: 6 }),
      offsets({ [A]: 6 }),
    );
    expect(await groupOf(server).checkpoints(signal)).toEqual(new Map([[A, '6']]));
  });

  it('that never stand still are an error, and not none', async () => {
    let offset = 0;
    const moving = Array.from({ length: 20 }, () => offsets({ [A]: offset++ }));
    const server = await serve(...moving);
    await expect(groupOf(server).checkpoints(signal)).rejects.toMatchObject({
      code: 'BadResponse',
      retriable: true,
    });
    // Three looks of three questions.
    expect(server.received).toHaveLength(9);
  });

  it('of a topic that is left out of the answer are asked for by its id', async () => {
    const server = await serve(
      offsets({ [A]: 5 }),
      offsets({ [C]: 3 }),
      offsets({ [A]: 5 }),
      offsets({ [C]: 3 }),
    );
    expect(await groupOf(server, [TOPIC, OTHER]).checkpoints(signal)).toEqual(
      new Map([
        [A, '5'],
        [C, '3'],
      ]),
    );
    expect(sent(server)[1]![1]).toMatchObject({ TopicId: OTHER });
  });

  it('of a topic of which nothing is told are an error, and not none', async () => {
    await expect(groupOf(await serve(offsets({}))).checkpoints(signal)).rejects.toMatchObject({
      code: 'BadResponse',
    });
  });

  it('of a request that was throttled are not taken for none', async () => {
    const server = await serve(controlRefusal('RequestLimitExceeded'));
    await expect(groupOf(server).checkpoints(signal)).rejects.toMatchObject({ code: 'RequestLimitExceeded' });
  });
});
