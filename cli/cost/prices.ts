/** What things cost, as others have published it. Nothing here is asked anywhere: a price has a date and a source, or stands as not known. */
import { SettingsError } from '../../lib/errors.ts';
import { nearestOf } from '../../lib/nearest.ts';

export interface Price {
  /** US dollars; undefined: not known, and to be given. */
  readonly usd: number | undefined;
  /** For how many units it is. */
  readonly per: number;
  readonly unit: string;
  /** When it stood there. */
  readonly asOf: string | undefined;
  readonly source: string;
}

export type PriceName =
  | 'lambdaTime'
  | 'lambdaRequests'
  | 'schedules'
  | 'writeUnits'
  | 'readUnits'
  | 'metrics'
  | 'egress'
  | 'reading'
  | 'requests'
  | 'filter';

export type Prices = Readonly<Record<PriceName, Price>>;

const MILLION = 1_000_000;
const LAMBDA = 'AWS Price List, Lambda, us-east-1 and most other regions';
const DYNAMODB = 'AWS Price List, DynamoDB on demand, us-east-1';
const CLOUDWATCH = 'Amazon CloudWatch, custom metrics, us-east-1';
const SLS = 'Alibaba Cloud, billing method of Log Service, pay by feature';
const CLS = 'Tencent Cloud, pay-as-you-go prices of CLS, regions of the Chinese mainland';

const LAMBDA_TIME = {
  arm64: { usd: 0.0000133334, asOf: '2026-09' },
  x86_64: { usd: 0.0000166667, asOf: undefined },
} as const;

export type Architecture = keyof typeof LAMBDA_TIME;
export type LogService = 'sls' | 'cls';

const logService: Readonly<Record<LogService, Pick<Prices, 'egress' | 'reading' | 'requests' | 'filter'>>> = {
  sls: {
    egress: { usd: 0.2, per: 1, unit: 'GB', asOf: undefined, source: `${SLS}: Internet read traffic` },
    reading: { usd: 0.045, per: 1, unit: 'GB', asOf: '2024-09', source: `${SLS}: read and write traffic` },
    requests: { usd: 0.03, per: MILLION, unit: 'requests', asOf: undefined, source: SLS },
    filter: {
      usd: undefined,
      per: 1,
      unit: 'GB',
      asOf: undefined,
      source:
        'SLS bills SPL by its own computing units where the logstore pays by feature, and not at all where it pays by ingested data',
    },
  },
  cls: {
    egress: { usd: 0.141, per: 1, unit: 'GB', asOf: undefined, source: `${CLS}: Internet read traffic` },
    // Whoever reads from outside pays the egress in its place.
    reading: { usd: 0, per: 1, unit: 'GB', asOf: undefined, source: CLS },
    requests: { usd: 0.026, per: MILLION, unit: 'requests', asOf: undefined, source: CLS },
    filter: { usd: undefined, per: 1, unit: 'GB', asOf: undefined, source: 'not found' },
  },
};

export function pricesOf(service: LogService, architecture: Architecture): Prices {
  return {
    lambdaTime: {
      ...LAMBDA_TIME[architecture],
      per: 1,
      unit: 'GB-seconds',
      source: `${LAMBDA}, ${architecture}`,
    },
    lambdaRequests: { usd: 0.2, per: MILLION, unit: 'requests', asOf: '2026-09', source: LAMBDA },
    schedules: {
      usd: 1,
      per: MILLION,
      unit: 'invocations',
      asOf: '2025-01',
      source: 'AWS Price List, EventBridge Scheduler: 1.00, and up to 1.25 by region',
    },
    writeUnits: { usd: 0.625, per: MILLION, unit: 'write units', asOf: '2026-05', source: DYNAMODB },
    readUnits: { usd: 0.125, per: MILLION, unit: 'read units', asOf: '2026-05', source: DYNAMODB },
    metrics: {
      usd: 0.3,
      per: 1,
      unit: 'metrics',
      asOf: undefined,
      source: `${CLOUDWATCH}, the first 10,000`,
    },
    ...logService[service],
  };
}

/** With prices that somebody knows better: `egress=0.12`, each for as many units as the table has it. */
export function withPrices(prices: Prices, given: readonly string[]): Prices {
  const all: Record<PriceName, Price> = { ...prices };
  for (const text of given) {
    const [name, usd] = readPrice(text, Object.keys(prices));
    all[name] = { ...all[name], usd, asOf: undefined, source: 'as given' };
  }
  return all;
}

function readPrice(text: string, names: readonly string[]): [PriceName, number] {
  const [, name = '', value] = /^([A-Za-z]+)=(\d{1,9}(?:\.\d{1,12})?)$/.exec(text) ?? [];
  if (value === undefined) {
    throw new SettingsError('--price', text, 'write a name and US dollars, such as egress=0.12');
  }
  if (names.includes(name)) return [name as PriceName, Number(value)];
  const nearest = nearestOf(name, names);
  const remedy = nearest === undefined ? `the names are ${names.join(', ')}` : `${nearest} is one`;
  throw new SettingsError('--price', name, remedy);
}

/** What AWS gives each account each month, for ever. */
export const FREE: Readonly<Partial<Record<PriceName, number>>> = {
  lambdaTime: 400_000,
  lambdaRequests: MILLION,
  schedules: 14 * MILLION,
  metrics: 10,
};
