/** An access key; Tencent Cloud calls its halves SecretId and SecretKey. */
export interface Credentials {
  accessKeyId: string;
  accessKeySecret: string;
  /** Of temporary credentials (STS). */
  securityToken?: string | undefined;
}

/** What goes into a header as it is: of keys and tokens, a header holds no other character, or is cut off by it. */
export const PRINTABLE = /^[!-~]+$/;

/**
 * Gives the credentials of the next request. `refused`: those that the service has just refused; whoever has others by now
 * gives them, and the request is tried once more.
 */
export type CredentialsProvider = (refused?: Credentials) => Promise<Credentials> | Credentials;

export function sameCredentials(a: Credentials, b: Credentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.accessKeySecret === b.accessKeySecret &&
    a.securityToken === b.securityToken
  );
}
