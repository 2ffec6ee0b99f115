import { SettingsError } from '../errors.ts';
import type { AwsCredentials } from './awsSignature.ts';

/**
 * Stands in a bundle for `@aws-sdk/credential-provider-node`, whose other ways (profiles, single sign-on, web identity, instance
 * metadata) Lambda never goes, but reads and compiles at every cold start: 135 of 441 kB. Lambda sets the function's credentials in
 * its environment, and they hold as long as the sandbox lives. Source: Lambda developer guide, "Defined runtime environment
 * variables".
 *
 * Rejects with a SettingsError where they are not set.
 */
export const defaultProvider = (): (() => Promise<AwsCredentials>) => async () => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID) throw missing('AWS_ACCESS_KEY_ID');
  if (!AWS_SECRET_ACCESS_KEY) throw missing('AWS_SECRET_ACCESS_KEY');
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  };
};

const missing = (name: string): SettingsError =>
  new SettingsError(
    name,
    undefined,
    'set it, as Lambda does: the bundle knows no other source of credentials',
  );
