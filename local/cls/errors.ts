/**
 * Every answer of the service that is not success, in one place.
 *
 * The two planes fail differently. The control plane answers with status 200 and a code in `Response.Error` (API 3.0,
 * "Error Codes", and the codes that the generated SDKs list for each action); the data plane with a status and a code of
 * its own ("Error Codes" of the legacy API, which is where the paths come from). Where neither documents a case, the code
 * is the nearest one that does, and says so here.
 */
import { Refusal } from '../service/refusal.ts';

const control = (code: string, message: string): Refusal => new Refusal(200, code, message);

/** Refusals of the control plane, by what is wrong. */
export const refuse = {
  // The request itself.
  invalidAction: (action: string) =>
    control('InvalidAction', `The request action=\`${action}\` is invalid or not found.`),
  noSuchVersion: (version: string) =>
    control('NoSuchVersion', `The request version=\`${version}\` is not found.`),
  missingParameter: (name: string) =>
    control('MissingParameter', `The request is missing a required parameter \`${name}\`.`),
  invalidParameter: (message: string) => control('InvalidParameter', message),
  notJson: () => control('InvalidParameter', 'The request body is not a valid JSON object.'),
  bodyTooLarge: (bytes: number, bytesMax: number) =>
    control('RequestSizeLimitExceeded', `The request of ${bytes} bytes exceeds the limit of ${bytesMax}.`),

  // Who sent it, and when.
  authorizationInvalid: () =>
    control(
      'AuthFailure.InvalidAuthorization',
      'The header Authorization is missing, or not of TC3-HMAC-SHA256.',
    ),
  secretIdNotFound: () => control('AuthFailure.SecretIdNotFound', 'The SecretId is not found.'),
  signatureFailure: () =>
    control(
      'AuthFailure.SignatureFailure',
      'The provided credentials could not be validated. Please check your signature is correct.',
    ),
  signatureExpire: () =>
    control(
      'AuthFailure.SignatureExpire',
      'Signature expired: the timestamp differs from the time of the server by more than five minutes.',
    ),
  tokenFailure: () =>
    control('AuthFailure.TokenFailure', 'The token is missing, or not that of the SecretId.'),

  // Logsets, topics, partitions.
  logsetNotExist: (id: string) =>
    control('ResourceNotFound.LogsetNotExist', `The logset ${id} does not exist.`),
  logsetConflict: (id: string) =>
    control('InvalidParameter.LogsetConflict', `The logset ${id} already exists.`),
  logsetNotEmpty: (id: string) => control('OperationDenied', `The logset ${id} has topics.`),
  topicNotExist: (id: string) => control('ResourceNotFound.TopicNotExist', `The topic ${id} does not exist.`),
  topicConflict: (id: string) => control('InvalidParameter.TopicConflict', `The topic ${id} already exists.`),
  partitionNotExist: (id: number | string) =>
    control('ResourceNotFound.PartitionNotExist', `The partition ${id} does not exist.`),
  partitionLimit: (max: number) =>
    control('LimitExceeded.Partition', `A topic has at most ${max} partitions.`),
  limitExceeded: (message: string) => control('LimitExceeded', message),

  // Consumer groups. No code of their own is published: SDKs look for a part of the message.
  groupConflict: (name: string) => control('FailedOperation', `consumer group already exists: ${name}`),
  groupNotExist: (name: string) => control('FailedOperation', `consumer group does not exist: ${name}`),
  groupInUse: (name: string) =>
    control('OperationDenied', `consumer group ${name} has consumers that are alive`),
  topicNotInGroup: (topicId: string) =>
    control('InvalidParameter', `topic ${topicId} is not in the consumer group`),
  /** Only where the service is told to fence commits: nothing that is published says that the live one does. */
  commitDenied: (consumer: string, partition: string) =>
    control('OperationDenied', `consumer ${consumer} does not hold partition ${partition}`),

  // Limits.
  requestLimit: (limit: number) =>
    control(
      'RequestLimitExceeded',
      `Your current request times exceeds the frequency limit \`${limit}\` for a second. Please reduce the frequency of calls.`,
    ),
};

/** Refusals of the data plane, by what is wrong. */
export const refuseData = {
  // The request itself.
  notSupported: (uri: string) => new Refusal(405, 'NotSupported', `Unsupported operation: ${uri}`),
  invalidParam: (message: string) => new Refusal(400, 'InvalidParam', message),
  invalidContentType: (type: string) =>
    new Refusal(400, 'InvalidContentType', `The content type ${type} is not supported.`),
  invalidCompressType: (type: string) =>
    new Refusal(400, 'InvalidCompressType', `The x-cls-compress-type ${type} is not supported.`),

  // Who sent it, and when.
  missingAuthorization: () =>
    new Refusal(400, 'MissingAuthorization', 'The header Authorization is missing.'),
  invalidAuthorization: () => new Refusal(400, 'InvalidAuthorization', 'The signature string is malformed.'),
  secretIdNotFound: () => new Refusal(401, 'AuthFailure.SecretIdNotFound', 'The key does not exist.'),
  signatureFailure: () => new Refusal(401, 'AuthFailure.SignatureFailure', 'The signature is incorrect.'),
  signatureExpire: () => new Refusal(401, 'AuthFailure.SignatureExpire', 'The signature is expired.'),
  tokenFailure: () => new Refusal(401, 'AuthFailure.TokenFailure', 'The token is incorrect.'),
  unauthorized: () =>
    new Refusal(401, 'AuthFailure.UnauthorizedOperation', 'The local service takes signed requests only.'),

  // The body.
  missingContent: () => new Refusal(400, 'MissingContent', 'The body is empty.'),
  invalidContent: (message: string) => new Refusal(400, 'InvalidContent', message),
  logSizeExceed: (message: string) => new Refusal(403, 'LogSizeExceed', message),

  // Topics, partitions, offsets.
  topicNotExist: (id: string) => new Refusal(404, 'TopicNotExist', `The topic ${id} does not exist.`),
  /** Not in the table; named as the control plane names it. */
  partitionNotExist: (id: number | string) =>
    new Refusal(404, 'PartitionNotExist', `The partition ${id} does not exist.`),
  /** Not in the table; the official consumers look for "invalidoffset" in the code, in any case. */
  invalidOffset: (offset: bigint, begin: bigint, end: bigint) =>
    new Refusal(400, 'InvalidOffset', `The offset ${offset} is outside of [${begin}, ${end}].`),

  // Limits.
  speedQuotaExceed: (message: string) => new Refusal(429, 'SpeedQuotaExceed', message),
};
