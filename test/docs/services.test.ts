/** The pages of the log services: what they say of official consumers is complete, and shown by tests that exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Titles of the tests, or of a source's cases, in a file, as they are written there, each also of a table of cases. */
function titlesOf(file: string): string[] {
  const calls = read(file).matchAll(
    /(?:\b(?:it|test|sourceCase)|\))\(\s*(['"`])((?:(?!\1)[^\\\n]|\\.)+)\1,/g,
  );
  return [...calls].map(([, , title]) => title!);
}

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Of `LogHubConfig`: Python (consumer/config.py), Java (client/config/LogHubConfig.java), Go (consumer/config.go). */
const SLS_PARAMETERS = words(`
  endpoint access_key_id access_key project logstore consumer_group_name consumer_name cursor_position heartbeat_interval
  data_fetch_interval in_order cursor_start_time security_token max_fetch_log_group_size worker_pool_size shared_executor
  cursor_end_time credentials_refresher auth_version region query accept_compress_type processor

  consumerGroup consumer accessId accessKey credentialsProvider initialPosition startTimestamp fetchIntervalMillis
  heartbeatIntervalMillis consumeInOrder stsToken directModeEnabled autoCommitEnabled unloadAfterCommitEnabled
  autoCommitIntervalMs batchSize timeoutInSeconds maxInProgressingDataSizeInMB userAgent proxyHost proxyPort proxyUsername
  proxyPassword proxyDomain proxyWorkstation requestTimeoutEnabled requestTimeout signVersion compressType

  Endpoint AccessKeyID AccessKeySecret CredentialsProvider Project Logstore Query Processor ConsumerGroupName ConsumerName
  CursorPosition HeartbeatIntervalInSecond HeartbeatTimeoutInSecond DataFetchIntervalInMs MaxFetchLogGroupCount
  CursorStartTime CursorEndTime InOrder Logger AllowLogLevel LogFileName IsJsonType LogMaxSize LogMaxBackups LogCompass
  CompressType HTTPClient SecurityToken AutoCommitDisabled AutoCommitIntervalInMS AuthVersion Region DisableRuntimeMetrics
  MaxIoWorkers
`);

/** Of `LogHubConfig` (Python, consumer/config.py) and `ConsumerOption` (Go, consumer). */
const CLS_PARAMETERS = words(`
  endpoint access_key_id access_key region logset_id topic_ids consumer_group_name consumer_name internal heartbeat_interval
  data_fetch_interval offset_position offset_start_time max_fetch_log_group_size worker_pool_size shared_executor
  offset_end_time query

  Endpoint AccessKeyID AccessKey Region Internal LogsetID TopicIDs ConsumerGroup ConsumerName HeartbeatInterval
  DataFetchInterval OffsetStartTime MaxFetchLogGroupSize OffsetEndTime ConsumerGroupTimeout StartTime EndTime Query
`);

describe.each([
  { page: 'docs/sls.md', settings: 'slsSettings', parameters: SLS_PARAMETERS, complaintsMin: 25 },
  { page: 'docs/cls.md', settings: 'clsSettings', parameters: CLS_PARAMETERS, complaintsMin: 20 },
])('$page', ({ page, settings, parameters, complaintsMin }) => {
  const text = read(page);
  /** Every link of the page to a test: its text is the test's title. */
  const cited = [...text.matchAll(/\[([^\]]+)\]\(\.\.\/((?:test|lib\/testing)\/[^)#]+)\)/g)].map(
    ([, title, file]) => ({
      title: title!,
      file: file!,
    }),
  );

  test('cites tests', () => {
    expect(cited.length).toBeGreaterThan(2 * complaintsMin);
  });

  test.each(cited)('cites a test that exists: $title ($file)', ({ title, file }) => {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    expect(titlesOf(file)).toContain(title);
  });

  test('has a test for every complaint', () => {
    const [, complaints = ''] = text.split('## What official consumers are known for');
    const entries = complaints.split(/^- \*\*/m).slice(1);
    expect(entries.length).toBeGreaterThan(complaintsMin);
    for (const entry of entries) expect(entry).toMatch(/^ {2}- \[[^\]]+\]\(\.\.\/(?:test|lib\/testing)\//m);
  });

  test('leaves out no parameter of an official consumer, and names only settings that exist', () => {
    const [, table = ''] = text.split('## From an official consumer');
    const known = read('lib/config/settings.ts') + read(`lib/config/${settings}.ts`);
    const named = text.match(/\bSHARDBEAT_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [];
    for (const name of named) expect(known).toContain(`${name}:`);
    for (const parameter of parameters) expect(table).toContain(`\`${parameter}\``);
  });
});

/** What `npm run test:interop` installs, as the files of each SDK's package manager say it. */
const INSTALLED: Readonly<Record<string, [file: string, wanted: RegExp][]>> = {
  sls: [
    ['python/requirements.txt', /^(\S+)==(\S+)$/gm],
    ['go/go.mod', /^require \S+\/(\S+) (\S+)$/gm],
    ['java/pom.xml', /<artifactId>(\S+)<\/artifactId>\s+<version>(\d+\.\S+)<\/version>/g],
  ],
  cls: [
    ['python/requirements.txt', /^(\S+)==(\S+)$/gm],
    ['python/generated.txt', /^(\S+-cls)==(\S+)$/gm],
    ['go/go.mod', /^require \S+\/(\S+) (\S+)$/gm],
  ],
};

test.each(Object.entries(INSTALLED))(
  'docs/%s.md names the official SDKs that are tried',
  (service, files) => {
    const [, section = ''] = read(`docs/${service}.md`).split('## Official SDKs that agree');
    const [table = ''] = section.split('\n## ');
    for (const [file, wanted] of files) {
      const installed = [...read(`test/interop/${service}/${file}`).matchAll(wanted)];
      expect(installed, file).not.toEqual([]);
      for (const [, name, version] of installed) expect(table, file).toContain(`\`${name}\` ${version}`);
    }
  },
);
