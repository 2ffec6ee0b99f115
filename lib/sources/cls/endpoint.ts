/** Where CLS is: the data plane (pulls, uploads) and the control plane (everything else) have hosts of their own. */
import { SettingsError } from '../../errors.ts';
import { type Address, addressOfUrl, parseEndpoint } from '../../http/address.ts';

export interface Places {
  /** Such as `ap-guangzhou`. Needed unless both endpoints are given. */
  region?: string | undefined;
  /** `public` unless set. `intranet`: from within Tencent Cloud, of the same region. */
  network?: 'public' | 'intranet' | undefined;
  /** Of the data plane, in place of the region's. A host, or a URL; HTTPS unless `http://` is written. */
  endpoint?: string | undefined;
  /** Of the control plane, likewise. */
  apiEndpoint?: string | undefined;
}

export interface Addresses {
  data: Address;
  control: Address;
  /** The one that is given, or that an endpoint names. */
  region: string | undefined;
}

/** What the fields are called where they were written, for errors. */
export interface PlaceFields {
  region: string;
  endpoint: string;
  apiEndpoint: string;
}

const FIELDS: PlaceFields = { region: 'region', endpoint: 'endpoint', apiEndpoint: 'apiEndpoint' };

/** Throws a SettingsError for what cannot be used. */
export function addressesOf(places: Places, fields = FIELDS): Addresses {
  const { region, network = 'public', endpoint, apiEndpoint } = places;
  if (region !== undefined) checkRegion(region, fields.region);
  const regional = (hostOf: (region: string) => string): string => {
    if (region !== undefined) return hostOf(region);
    const remedy = `set it, such as ap-guangzhou, or both ${fields.endpoint} and ${fields.apiEndpoint}`;
    throw new SettingsError(fields.region, region, remedy);
  };
  const data = endpoint ?? regional((region) => `${region}.${DATA_DOMAINS[network]}`);
  const control = apiEndpoint ?? regional(CONTROL_HOSTS[network]);
  return {
    data: addressOfUrl(parseEndpoint(data, fields.endpoint, 'ap-guangzhou.cls.tencentcs.com')),
    control: addressOfUrl(parseEndpoint(control, fields.apiEndpoint, 'cls.ap-guangzhou.tencentcloudapi.com')),
    region: region ?? regionNamedBy(data) ?? regionNamedBy(control),
  };
}

const DATA_DOMAINS = { public: 'cls.tencentcs.com', intranet: 'cls.tencentyun.com' };
const CONTROL_HOSTS = {
  public: (region: string) => `cls.${region}.tencentcloudapi.com`,
  /** One for all regions: a header says which. */
  intranet: () => 'cls.internal.tencentcloudapi.com',
};

/**
 * By shape only, so that regions of later days pass. A digit at the end is that of a zone, or of another cloud's region; `cn-`
 * and `us-` are other clouds' too.
 */
function checkRegion(region: string, field: string): void {
  if (/^(?!cn-|us-)[a-z]{2,3}(-[a-z]+)+$/.test(region)) return;
  const zone = /^([a-z]{2,3}(-[a-z]+)+)-\d+$/.exec(region)?.[1];
  const remedy =
    'write the region of the logset as Tencent Cloud calls it, such as ap-guangzhou or eu-frankfurt';
  throw new SettingsError(field, region, zone === undefined ? remedy : `${remedy}, without a zone's number`);
}

/** Undefined where the host names none, as an address or a domain of one's own. */
function regionNamedBy(endpoint: string): string | undefined {
  const match =
    /^(?:https?:\/\/)?(?:cls\.([a-z-]+)\.tencentcloudapi\.com|([a-z-]+)\.cls\.tencent(?:cs|yun)\.com)(?::\d+)?\/?$/.exec(
      endpoint,
    );
  const region = match?.[1] ?? match?.[2];
  return region === 'internal' || region === 'intl' ? undefined : region;
}
