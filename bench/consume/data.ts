/** What the consumers are given: records of several kinds, the same for the same seed, on every machine. */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { generateAccessLog } from '../../local/run/accessLog.ts';
import { createRandom } from '../../local/service/random.ts';

export interface DataSet {
  /** As it is called in tables. */
  readonly name: string;
  /** The two that a consumer reads of each record, as text. */
  readonly fields: readonly [string, string];
  /** The i-th record. */
  record(i: number): Record<string, string>;
}

const LINES = 10_000;
/** address, identity, user, time, request, status, bytes, referrer, agent */
const COMBINED =
  /^(\S+) (\S+) (\S+) \[([^\]]+)\] "([A-Z]+) (\S*) ?([^"]*)" (\d{3}) (\S+)(?: "([^"]*)")?(?: "([^"]*)")?/;

/** `log`: a file with an access log in the combined format; without it one is made up. */
export async function dataSets(log: string | undefined): Promise<readonly DataSet[]> {
  const lines = (log === undefined ? await generatedLog() : readFileSync(log, 'utf8')).trimEnd().split('\n');
  return [tenFields(lines), wholeLines(lines), halfChinese(), longValues()];
}

const generatedLog = (): Promise<string> => text(generateAccessLog(LINES));

function tenFields(lines: readonly string[]): DataSet {
  const records = lines.flatMap((line) => {
    const [, address, , user, time, method, path, protocol, status, bytes, referrer = '-', agent = '-'] =
      COMBINED.exec(line) ?? [];
    if (status === undefined) return [];
    return [{ address, user, time, method, path, protocol, status, bytes, referrer, agent }];
  }) as Record<string, string>[];
  return {
    name: 'access log, ten fields',
    fields: ['path', 'status'],
    record: (i) => records[i % records.length]!,
  };
}

function wholeLines(lines: readonly string[]): DataSet {
  return {
    name: 'whole lines',
    fields: ['content', 'offset'],
    record: (i) => ({ content: lines[i % lines.length]!, offset: String(i * 231) }),
  };
}

const PHRASES = [
  ...[
    '订单已创建',
    '等待付款',
    '库存不足',
    '用户登录成功',
    '请求超时',
    '正在重试',
    '数据库连接失败',
    '缓存命中',
  ],
  ...['支付回调', '配送地址已更新', '优惠券已过期', '商品详情', '任务调度', '消息已发送', '权限校验未通过'],
];

/** Words in Latin letters and Chinese ones by turns: about as many characters of the one as of the other. */
function halfChinese(): DataSet {
  const random = createRandom(3);
  const hex = (): string => Math.floor(random() * 2 ** 32).toString(16);
  const phrase = (): string => PHRASES[Math.floor(random() * PHRASES.length)]!;
  const records = Array.from({ length: LINES }, () => ({
    level: random() < 0.9 ? 'INFO' : 'ERROR',
    service: `shop-${Math.floor(random() * 20)}`,
    message: Array.from({ length: 12 }, () => `${phrase()}${hex().slice(0, 6)}`).join('，'),
    traceId: hex() + hex(),
    region: '华东一区',
  }));
  return {
    name: 'half Chinese',
    fields: ['message', 'level'],
    record: (i) => records[i % records.length]!,
  };
}

const WORDS = 'the quick brown fox jumps over a lazy dog while nobody looks at it from behind'.split(' ');

/** Words and numbers, of which the numbers do not repeat. */
function longValues(): DataSet {
  const random = createRandom(4);
  const value = (): string => {
    let text = '';
    while (text.length < 1_000) {
      text += `${WORDS[Math.floor(random() * WORDS.length)]}=${Math.floor(random() * 1e9).toString(36)} `;
    }
    return text;
  };
  const records = Array.from({ length: 4_000 }, () => ({
    request: value(),
    response: value(),
    context: value(),
    error: value(),
  }));
  return {
    name: '1 kB values',
    fields: ['request', 'response'],
    record: (i) => records[i % records.length]!,
  };
}
