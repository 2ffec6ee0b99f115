import { describe, expect, it } from 'vitest';
import type { Batch, LogRecord, RecordContext } from '../../lib/index.ts';
import { batchOf, contextOf, createMemorySource, recordOf, startTestGroup } from '../../lib/testing.ts';

const contentsOf = (batch: Batch) => [...batch.records].map((record) => record.get('content'));

describe('a batch for a unit test', () => {
  it('has the records that are given: texts, fields, or records', () => {
    const record = recordOf({ level: 'warn', raw: Uint8Array.of(0xff) }, { timeMs: 5, topic: 't' });
    const batch = batchOf(['plain', { level: 'info' }, record]);
    const [first, second, third] = [...batch.records];
    expect(first!.toObject()).toEqual({ content: 'plain' });
    expect(second!.get('level')).toBe('info');
    expect(third).toBe(record);
    expect(third).toMatchObject({ timeMs: 5, topic: 't', source: '', tags: {} });
    expect(third!.bytes('raw')).toEqual(Buffer.from([0xff]));
    expect(third!.get('raw')).toBe('\ufffd');
    expect([third!.fields(), third!.get('absent'), third!.bytes('absent')]).toEqual([
      ['level', 'raw'],
      undefined,
      undefined,
    ]);
    expect([...batch.records]).toHaveLength(3);
  });

  it('has records with fields as they are written: repeated ones, and what is no UTF-8', () => {
    const key = Uint8Array.of(0xff);
    const [record] = batchOf([
      [['a', '1'] as const, ['b', ''] as const, ['a', '2'] as const, [key, key]],
    ]).records;
    expect([...record!.pairs()]).toEqual(
      [
        ['a', '1'],
        ['b', ''],
        ['a', '2'],
        [key, key],
      ].map((pair) => pair.map((bytes) => Buffer.from(bytes as string))),
    );
    expect(record!.fields()).toEqual(['a', 'b', '\ufffd']);
    expect(record!.get('a')).toBe('1');
    expect(record!.toObject()).toEqual({ a: '1', b: '', '\ufffd': '\ufffd' });
  });

  it('has records with ids, unless they are given as they are', () => {
    const named = recordOf('c', { id: '0/5/2' });
    const { records } = batchOf(['a', 'b', named, recordOf('d')], { shard: '7', from: 'x', to: 'y' });
    expect(Array.from(records, ({ id }) => id)).toEqual(['7/x/0', '7/x/1', '0/5/2', undefined]);
  });

  it('is called as the library calls it', () => {
    expect(batchOf(['a', 'b'])).toMatchObject({ id: 'test/0/0-2', from: '0', to: '2', bytes: 16 });
    const given = { group: 'orders', shard: '7', from: 'x', to: 'y', tags: { source: 'sls' } };
    expect(batchOf(['a'], given)).toMatchObject({ ...given, id: 'orders/7/x-y' });
    expect(batchOf(['a'], { from: 'MTQ0NzI5' })).toMatchObject({ to: 'MTQ0NzI5+1' });
    expect(batchOf(['a'], { redriven: true })).toMatchObject({ redriven: true, id: 'test/0/0-1' });
    expect('redriven' in batchOf(['a'])).toBe(false);
    expect(batchOf(['a'], { from: '9007199254740993' })).toMatchObject({ to: '9007199254740994' });
  });

  it('comes with a context that keeps what is logged, and may be given another signal', () => {
    const context = contextOf();
    context.logger.with({ shard: '0' }).warn('record.refused', { index: 3 });
    expect(context.logged).toEqual([{ level: 'warn', event: 'record.refused', shard: '0', index: 3 }]);
    expect(context.signal.aborted).toBe(false);
    expect(context.remainingMs()).toBeGreaterThan(1_000);
    expect(contextOf({ signal: AbortSignal.abort() }).signal.aborted).toBe(true);
    expect(contextOf().batch).toMatchObject({ shard: '0' });
  });
});

describe('a group in memory', () => {
  it('delivers from its first tick on, what was there and what comes, and checkpoints what succeeded', async () => {
    const seen: unknown[] = [];
    const source = createMemorySource();
    source.append('0', 'a', 'b');
    const group = await startTestGroup(
      { eachBatch: (batch) => void seen.push(contentsOf(batch)) },
      { source },
    );
    expect(seen).toEqual([]);
    expect(await group.tick()).toMatchObject({
      outcome: 'worked',
      shards: [{ shard: '0', stopped: 'caughtUp' }],
    });
    source.append('0', 'c');
    await group.tick();
    await group.tick();
    expect(seen).toEqual([['a', 'b'], ['c']]);
    expect((await group.operations.describe()).shards).toMatchObject([{ shard: '0', cursor: '3' }]);
  });

  it('brings a batch again under its id that the function refused', async () => {
    const ids: string[] = [];
    const source = createMemorySource();
    source.append('0', 'a');
    const eachBatch = ({ id }: Batch): void => {
      ids.push(id);
      if (ids.length === 1) throw new Error('the sink is away');
    };
    const group = await startTestGroup({ eachBatch }, { source });
    expect(await group.tick()).toMatchObject({ outcome: 'failed', shards: [{ stopped: 'batchFailed' }] });
    source.append('0', 'b');
    await group.tick();
    expect(ids).toEqual(['test/0/0-1', 'test/0/0-1', 'test/0/1-2']);
    expect(group.logged).toContainEqual(expect.objectContaining({ level: 'error', event: 'batch.failed' }));
  });

  it('goes by the settings that are given, and takes eachRecord', async () => {
    const seen: unknown[] = [];
    const source = createMemorySource({ shards: ['0', '1'], recordsMax: 1 });
    source.append('1', 'a', 'b');
    const eachRecord = (record: LogRecord, { batch }: RecordContext) =>
      void seen.push([batch.shard, record.get('content')]);
    const group = await startTestGroup(
      { eachRecord },
      { source, environment: { SHARDBEAT_BATCHES_MAX: '1' } },
    );
    await group.tick();
    expect(seen).toEqual([['1', 'a']]);
  });

  it('works on several records at a time if it is told to, in order of their keys', async () => {
    const source = createMemorySource();
    source.append('0', 'a1', 'a2', 'b1', 'b2');
    const begun: string[] = [];
    const eachRecord = async (record: LogRecord): Promise<void> => {
      begun.push(record.get('content')!);
      await new Promise((resolve) => setImmediate(resolve));
    };
    const key = (record: LogRecord): string => record.get('content')!.slice(0, 1);
    const environment = { SHARDBEAT_RECORDS_PARALLEL_MAX: '2' };
    const group = await startTestGroup({ eachRecord, key }, { source, environment });
    await group.tick();
    expect(begun).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  it('can be operated on', async () => {
    const seen: unknown[] = [];
    const source = createMemorySource();
    source.append('0', 'a');
    const group = await startTestGroup(
      { eachBatch: (batch) => void seen.push(...contentsOf(batch)) },
      { source },
    );
    await group.tick();
    await group.operations.pause();
    source.append('0', 'b');
    expect(await group.tick()).toMatchObject({ outcome: 'paused' });
    await group.operations.resume();
    expect(await group.operations.seek({ shard: '0', to: { at: 'begin' } })).toEqual([
      { shard: '0', sought: true, from: expect.any(String), cursor: '0' },
    ]);
    await group.tick();
    expect(seen).toEqual(['a', 'a', 'b']);
    expect(await group.operations.removeSlot('consumer-0')).toMatchObject({ removed: false });
    expect(await group.operations.delete()).toEqual({ deleted: false, live: ['consumer-0'] });
    await group.operations.drain('consumer-0');
    await group.tick();
    await group.tick();
    expect((await group.operations.describe()).shards).toMatchObject([{ assignedTo: undefined }]);
    await group.operations.undrain('consumer-0');
    await group.tick();
    await group.tick();
    expect((await group.operations.describe()).shards).toMatchObject([{ assignedTo: 'consumer-0' }]);
  });

  it('keeps the records that its function never takes, to be seen and given again', async () => {
    const source = createMemorySource();
    source.append('0', 'a', 'poison', 'b');
    let isMended = false;
    const eachRecord = (record: LogRecord): void => {
      if (record.get('content') === 'poison' && !isMended) throw new Error('not that one');
    };
    const group = await startTestGroup({ eachRecord }, { source });
    const letters = async () => {
      const found = [];
      for await (const letter of group.operations.deadLetters()) found.push(letter);
      return found;
    };
    for (let ticks = 0; ticks < 200 && (await letters()).length === 0; ticks++) await group.tick();
    expect(await letters()).toMatchObject([
      { id: '0/1/0', message: 'Error: not that one', reason: 'failed' },
    ]);
    isMended = true;
    expect(await group.operations.redrive({ eachRecord })).toMatchObject({ redriven: 1, left: 0 });
    expect(await letters()).toEqual([]);
  });

  it('refuses what is no source, and no user function', async () => {
    const source = createMemorySource();
    const field = (name: string) => expect.objectContaining({ name: 'SettingsError', field: name });
    await expect(startTestGroup({} as never, { source })).rejects.toEqual(field('module'));
    await expect(startTestGroup({ eachBatch: () => {} }, { source: {} as never })).rejects.toEqual(
      field('source'),
    );
  });
});

it('a group in memory keeps what the function has returned to be written, once a batch is done', async () => {
  const source = createMemorySource({ shards: ['0'], recordsMax: 10 });
  const put = (content: string) => ({ Put: { TableName: 'orders', Item: { pk: { S: content } } } });
  let fails = true;
  const eachBatch = (batch: Batch) => {
    fails = !fails;
    if (!fails) throw new Error('the first time');
    return { writes: contentsOf(batch).map((content) => put(content ?? '')) };
  };
  const group = await startTestGroup({ eachBatch }, { source });
  source.append('0', 'a', 'b');
  await group.tick();
  expect(group.written).toEqual([]);
  for (let count = 0; count < 4; count++) await group.tick();
  expect(group.written).toEqual([put('a'), put('b')]);
});
