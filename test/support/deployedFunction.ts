/** Lambda's own protocol around a function, for whoever asks the deployed one. */
import { type AwsReply, KEY, REGION } from './awsService.ts';

/** The name under which it is deployed. */
export const FUNCTION = 'shop-prod-shardbeat-orders';

/** What Lambda answers: what the function did, or that it threw. */
export async function lambdaReply(invoke: (event: never) => unknown, body: Buffer): Promise<AwsReply> {
  try {
    return { body: JSON.stringify(await invoke(JSON.parse(body.toString()) as never)) };
  } catch (error) {
    const { name, message } = error as Error;
    const headers = { 'x-amz-function-error': 'Unhandled' };
    return { headers, body: JSON.stringify({ errorType: name, errorMessage: message }) };
  }
}

/** The variables by which an operator reaches it, and its table. */
export const operatorEnvironment = (dynamodbUrl: string, lambdaUrl: string): Record<string, string> => ({
  AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
  AWS_ENDPOINT_URL_LAMBDA: lambdaUrl,
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: KEY.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
  AWS_SESSION_TOKEN: KEY.sessionToken,
});
