import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../lib/errors.ts';
import { parseLocalOptions } from '../../local/commands/options.ts';

const parse = (...args: string[]) => parseLocalOptions(args, true);

describe('options of shardbeat local', () => {
  it('have a default each', () => {
    expect(parse()).toEqual({
      inputs: [],
      source: 'sls',
      shards: 4,
      consumers: 2,
      intervalMs: 2_000,
      linger: 'off',
      once: false,
      json: false,
      module: undefined,
      logsPort: 0,
      dynamodbPort: 0,
      pagePort: 0,
    });
  });

  it('are read as they are written, with = or without', () => {
    const args = ['--input', 'a.log', '--input=-', '--shards=8', '--consumers', '3', '--interval', '500ms'];
    const lingers = ['--linger', 'max'];
    const more = ['--once', '--json', '--module', 'mine.ts', '--sls-port', '8080', '--dynamodb-port=8000'];
    expect(parse(...args, ...lingers, ...more)).toEqual({
      inputs: ['a.log', '-'],
      source: 'sls',
      shards: 8,
      consumers: 3,
      intervalMs: 500,
      linger: 'max',
      once: true,
      json: true,
      module: 'mine.ts',
      logsPort: 8080,
      dynamodbPort: 8000,
      pagePort: undefined,
    });
  });

  it('take a seed of chaos, or draw one', () => {
    expect(parse('--chaos', '--seed', '7')).toMatchObject({ chaosSeed: 7 });
    expect(parse('--chaos')).toMatchObject({ chaosSeed: expect.any(Number) });
    expect(() => parse('--seed', '7')).toThrow('--seed: "7" cannot be used: give --chaos');
    expect(() => parse('--chaos', '--seed', 'x')).toThrow('--seed: "x" cannot be used: write a whole number');
  });

  it('serve a page where somebody looks on, or if its port is given', () => {
    expect(parse('--no-page')).toMatchObject({ pagePort: undefined });
    expect(parse('--once')).toMatchObject({ pagePort: undefined });
    expect(parse('--once', '--page-port', '8080')).toMatchObject({ pagePort: 8080 });
    expect(parseLocalOptions([], false)).toMatchObject({ pagePort: undefined });
    expect(() => parse('--no-page', '--page-port', '0')).toThrow(
      '--page-port: "0" cannot be used: leave out --no-page',
    );
  });

  it('are for one log service or the other', () => {
    expect(parse('--source', 'cls', '--cls-port', '8080')).toMatchObject({ source: 'cls', logsPort: 8080 });
    expect(parse('--source', 'cls')).toMatchObject({ source: 'cls', logsPort: 0 });
  });

  it('end the run by themselves where nobody looks on', () => {
    expect(parseLocalOptions([], false)).toMatchObject({ once: true });
  });

  it.each([['--help'], ['-h']])('are explained by %s, whatever else is there', (option) => {
    expect(parse('--shards', 'many', option)).toBe('help');
  });
});

describe('an option that cannot be used', () => {
  it.each([
    [
      ['--shard', '4'],
      'option: "--shard" cannot be used: there is no such option; --shards is one; see --help',
    ],
    [['-x'], 'option: "-x" cannot be used: there is no such option; see --help'],
    [['access.log'], 'option: "access.log" cannot be used: name files with --input; see --help'],
    [['--input'], 'option: "--input" cannot be used: it needs a value; see --help'],
    [['--input', '--once'], 'option: "--input" cannot be used: it needs a value; see --help'],
    [['--once=yes'], 'option: "--once" cannot be used: it takes no value; see --help'],
    [['--source', 'kafka'], '--source: "kafka" cannot be used: the sources are: sls, cls'],
    [
      ['--cls-port', '8080'],
      '--cls-port: "8080" cannot be used: this run is on sls: give --source cls, or --sls-port instead',
    ],
    [
      ['--source', 'cls', '--sls-port', '8080'],
      '--sls-port: "8080" cannot be used: this run is on cls: give --source sls, or --cls-port instead',
    ],
    [
      ['--source=cls', '--cls-port=x'],
      '--cls-port: "x" cannot be used: write a whole number from 0 to 65535',
    ],
    [['--shards', '0'], '--shards: "0" cannot be used: write a whole number from 1 to 64'],
    [['--shards', '1e1'], '--shards: "1e1" cannot be used: write a whole number from 1 to 64'],
    [['--shards='], '--shards: "" cannot be used: write a whole number from 1 to 64'],
    [['--consumers', '2.5'], '--consumers: "2.5" cannot be used: write a whole number from 1 to 32'],
    [['--consumers=-1'], '--consumers: "-1" cannot be used: write a whole number from 1 to 32'],
    [['--sls-port', '65536'], '--sls-port: "65536" cannot be used: write a whole number from 0 to 65535'],
    [
      ['--interval', '2'],
      '--interval: "2" cannot be used: write a number and a unit, such as 500ms, 2s or 1m',
    ],
    [['--interval', '499ms'], 'interval: "499ms" cannot be used: choose 500ms to 30m'],
    [
      ['--module', ''],
      '--module: "" cannot be used: export one function from it, eachBatch(batch, context) or ',
    ],
  ])('is named, with what to do: %j', (args, message) => {
    expect(() => parse(...args)).toThrow(SettingsError);
    expect(() => parse(...args)).toThrow(message);
  });
});
