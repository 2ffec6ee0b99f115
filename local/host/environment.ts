import { devNull } from 'node:os';
import type { FunctionCode } from './functionCode.ts';

export interface EnvironmentOptions {
  functionName: string;
  code: FunctionCode;
  memoryMb: number;
  /** Its folder for temporary files. */
  temporary: string;
  runtimeApi: string;
  /** What is set for the function; it wins, as far as Lambda lets it. */
  given: Readonly<Record<string, string>>;
}

const REGION = 'local';
const VERSION = '$LATEST';

/** Of the function's name, as its invocations bear it. */
export const arnOf = (functionName: string): string =>
  `arn:aws:lambda:${REGION}:000000000000:function:${functionName}`;

/**
 * The variables of a function's process, as Lambda sets them. A function sees nothing of whoever deployed it: no profile, no proxy, no
 * Node options. Source: Lambda developer guide, "Defined runtime environment variables".
 */
export function environmentOf(options: EnvironmentOptions): Record<string, string> {
  const { functionName, code, memoryMb, temporary, runtimeApi, given } = options;
  const region = given.AWS_REGION ?? REGION;
  return {
    PATH: process.env.PATH ?? '',
    LANG: 'en_US.UTF-8',
    TZ: 'UTC',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_DEFAULT_REGION: region,
    ...given,
    AWS_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.', 1)}.x`,
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: VERSION,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[${VERSION}]`,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    LAMBDA_TASK_ROOT: code.taskRoot,
    _HANDLER: code.handler,
    TMPDIR: temporary,
  };
}
