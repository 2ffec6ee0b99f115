/** What the variables say of proxies, by the names that everybody uses, in capitals or not. */
const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;
type Name = (typeof NAMES)[number];

/** Services of a local run, and the addresses at which Lambda tells a function who it is: no proxy can reach them. */
const NEVER = ['localhost', '127.0.0.1', '::1', '[::1]', '169.254.169.254', '169.254.170.2'];

/**
 * By way of which proxy requests go, for an agent of Node, as curl and the SDKs of other languages read it. Node of its own accord looks at no
 * proxy, and neither does the SDK of AWS. Needs Node 24.5; an older one goes its way without a proxy.
 */
export function proxiesOf(
  environment: Readonly<Record<string, string | undefined>>,
): Partial<Record<Name, string>> {
  const given = (name: Name): string | undefined => environment[name.toLowerCase()] || environment[name];
  const proxies: Partial<Record<Name, string>> = {};
  for (const name of NAMES) {
    const value = given(name);
    if (value !== undefined && value !== '') proxies[name] = value;
  }
  if (proxies.NO_PROXY === '*') return proxies;
  return { ...proxies, NO_PROXY: [proxies.NO_PROXY, ...NEVER].filter(Boolean).join(',') };
}
