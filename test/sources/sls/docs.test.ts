import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/sls.md'), 'utf8');

/** Every link of the page to a test: its text is the test's title. */
const cited = [...page.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)#]+)\)/g)].map(([, title, file]) => ({
  title: title!,
  file: file!,
}));

/** Titles of the tests in a file, as they are written there, each also of a table of cases. */
function titlesOf(file: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const calls = source.matchAll(/(?:\b(?:it|test)|\))\(\s*(['"`])((?:(?!\1)[^\\\n]|\\.)+)\1,/g);
  return [...calls].map(([, , title]) => title!);
}

describe('docs/sls.md', () => {
  test('cites tests', () => {
    expect(cited.length).toBeGreaterThan(50);
  });

  test.each(cited)('cites a test that exists: $title ($file)', ({ title, file }) => {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    expect(titlesOf(file)).toContain(title);
  });

  test('has a test for every complaint', () => {
    const [, complaints = ''] = page.split('## What official consumers are known for');
    const entries = complaints.split(/^- \*\*/m).slice(1);
    expect(entries.length).toBeGreaterThan(25);
    for (const entry of entries) expect(entry).toMatch(/^ {2}- \[[^\]]+\]\(\.\.\/test\//m);
  });

  test('leaves out no parameter of an official consumer, and names only settings that exist', () => {
    const [, table = ''] = page.split('## From an official consumer');
    const settings = readFileSync(join(ROOT, 'lib/config/settings.ts'), 'utf8');
    const named = page.match(/\bSHARDBEAT_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [];
    for (const name of named) expect(settings).toContain(`${name}:`);
    for (const parameter of PARAMETERS) expect(table).toContain(`\`${parameter}\``);
  });
});

/** Of `LogHubConfig`: Python (consumer/config.py), Java (client/config/LogHubConfig.java), Go (consumer/config.go). */
const PARAMETERS = `
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
`
  .trim()
  .split(/\s+/);
