/** Who may sign requests. */
export interface Account {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Set for temporary (STS) credentials: requests must then carry it. */
  readonly securityToken?: string;
}
