import { describe, expect, it } from 'vitest';
import { checkHost } from '../../lib/config/host.ts';

describe('a host', () => {
  it.each([
    ['of nobody', {}],
    ['on demand', { AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' }],
    ['provisioned', { AWS_LAMBDA_INITIALIZATION_TYPE: 'provisioned-concurrency' }],
  ])('with one run at a time is taken: %s', (_, environment) => {
    expect(() => checkHost(environment)).not.toThrow();
  });

  it.each([
    ['AWS_LAMBDA_INITIALIZATION_TYPE', 'lambda-managed-instances'],
    ['AWS_LAMBDA_MAX_CONCURRENCY', '64'],
    // One at a time is not enough: a run whose time is over goes on there, too.
    ['AWS_LAMBDA_MAX_CONCURRENCY', '1'],
  ])('that does not end its runs is refused, with the remedy: %s=%s', (name, value) => {
    expect(() => checkHost({ [name]: value })).toThrow(
      new RegExp(`^${name}: "${value}" cannot be used: a run is not ended .* without a capacity provider`),
    );
  });
});
