/** Attributes by their names, each value with its type: `{ N: '1' }`. */
type Attributes = Readonly<Record<string, object>> | undefined;

interface OnItem {
  readonly TableName: string | undefined;
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Attributes;
}

interface OnKey extends OnItem {
  readonly Key: Attributes;
}

/**
 * A write of the user's function to an item of its own: exactly one of the four, as
 * `TransactWriteItems` takes it. `TransactWriteItem` of the AWS SDK is one.
 */
export interface ItemWrite {
  readonly Put?: (OnItem & { readonly Item: Attributes }) | undefined;
  readonly Update?: (OnKey & { readonly UpdateExpression: string | undefined }) | undefined;
  readonly Delete?: OnKey | undefined;
  readonly ConditionCheck?: OnKey | undefined;
}
