import { expect, it } from 'vitest';
import { proxiesOf } from '../../lib/http/proxies.ts';

const NEVER = 'localhost,127.0.0.1,::1,[::1],169.254.169.254,169.254.170.2';

it.each([
  [{}, { NO_PROXY: NEVER }],
  [
    { HTTP_PROXY: 'http://a', HTTPS_PROXY: 'http://b' },
    { HTTP_PROXY: 'http://a', HTTPS_PROXY: 'http://b', NO_PROXY: NEVER },
  ],
  [
    { https_proxy: 'http://small', HTTPS_PROXY: 'http://capital' },
    { HTTPS_PROXY: 'http://small', NO_PROXY: NEVER },
  ],
  [
    { https_proxy: '', HTTPS_PROXY: 'http://b' },
    { HTTPS_PROXY: 'http://b', NO_PROXY: NEVER },
  ],
  [{ no_proxy: '.internal' }, { NO_PROXY: `.internal,${NEVER}` }],
  [
    { NO_PROXY: '*', HTTP_PROXY: 'http://a' },
    { NO_PROXY: '*', HTTP_PROXY: 'http://a' },
  ],
  [{ ALL_PROXY: 'http://a', OTHER: 'x' }, { NO_PROXY: NEVER }],
])('of %j an agent is told %j', (environment, proxies) => {
  expect(proxiesOf(environment)).toEqual(proxies);
});
