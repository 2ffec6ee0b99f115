import { afterEach, describe, expect, it, vi } from 'vitest';
import { defaultProvider } from '../../lib/credentials/lambdaCredentials.ts';

afterEach(() => vi.unstubAllEnvs());

function stub(environment: Record<string, string>): void {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
  for (const name of names) vi.stubEnv(name, environment[name]);
}

describe('the credentials of a function', () => {
  it('are those that Lambda sets', async () => {
    stub({ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token' });
    expect(await defaultProvider()()).toEqual({
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      sessionToken: 'token',
    });
  });

  it('need no session token', async () => {
    stub({ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' });
    expect(await defaultProvider()()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret' });
  });

  it.each([
    ['AWS_ACCESS_KEY_ID', { AWS_SECRET_ACCESS_KEY: 'secret' }],
    ['AWS_SECRET_ACCESS_KEY', { AWS_ACCESS_KEY_ID: 'id' }],
  ])('are asked for by name without %s', async (field, environment) => {
    stub(environment);
    const error = await defaultProvider()().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'SettingsError', field });
    expect(String(error)).not.toContain('secret');
  });
});
