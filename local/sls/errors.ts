/**
 * Every answer of the service that is not success, in one place: status, code and message as documented.
 *
 * Sources: the table of common error codes (API reference, "Error codes", 2026-01), the tables of the single
 * operations, and what the Java SDK's tests against the live service expect. Where those differ, the live service wins.
 */
import { Refusal } from '../service/refusal.ts';

const badRequest = (code: string, message: string): Refusal => new Refusal(400, code, message);
const unauthorized = (code: string, message: string): Refusal => new Refusal(401, code, message);
const notFound = (code: string, message: string): Refusal => new Refusal(404, code, message);

/** Constructors of all refusals, by what is wrong. */
export const refuse = {
  // The request itself.
  invalidMethod: (uri: string) => new Refusal(405, 'InvalidMethod', `Invalid request method : ${uri}`),
  invalidHost: (host: string) => badRequest('InvalidHost', `Host header ${host} is invalid.`),
  missingApiVersion: () => badRequest('MissingAPIVersion', 'x-log-apiversion does not exist in http header.'),
  invalidApiVersion: (version: string) =>
    badRequest('InvalidAPIVersion', `x-log-apiversion ${version} is unsupported.`),
  missingHeader: (name: string) =>
    badRequest('MissingParameter', `Missing http extend header key : ${name}.`),
  invalidHeader: (name: string, value: string) =>
    badRequest('ParameterInvalid', `Http extend ${name} : ${value} pair is invalid.`),
  missingQuery: (name: string) => badRequest('MissingParameter', `Missing query key : ${name}.`),
  parameterInvalid: (message: string) => badRequest('ParameterInvalid', message),
  notSupported: (message: string) => badRequest('NotSupported', message),

  // Who sent it, and when.
  accessKeyNotFound: (id: string) => unauthorized('Unauthorized', `AccessKeyId not found: ${id}`),
  securityTokenInvalid: () => unauthorized('Unauthorized', 'The security token you provided is invalid.'),
  signatureNotMatch: (signature: string) =>
    unauthorized('SignatureNotMatch', `signature ${signature} not match`),
  invalidRequestTime: (time: string) =>
    badRequest('InvalidRequestTime', `Request time ${time} not follow RFC822 spec.`),
  requestTimeExpired: (time: string, serverTime: string) =>
    badRequest(
      'RequestTimeExpired',
      `Request time ${time} has been expired while server time is ${serverTime}.`,
    ),

  // The body.
  invalidContentType: (type: string) =>
    badRequest('InvalidContentType', `Content-Type ${type} is unsupported.`),
  bodyNotJson: () => badRequest('PostBodyInvalid', 'The request body is not valid JSON object.'),
  bodyNotProtobuf: () => badRequest('PostBodyInvalid', 'Protobuffer content cannot be parsed.'),
  bodyNotDecompressed: () => badRequest('PostBodyUncompressError', 'Failed to decompress logs.'),
  bodyTooLarge: (bytes: number, bytesMax: number) =>
    new Refusal(413, 'PostBodyTooLarge', `Body size ${bytes} must little than ${bytesMax}.`),
  valueTooLarge: (bytes: number, bytesMax: number) =>
    badRequest('PostBodyTooLarge', `Value of ${bytes} bytes in logs must be at most ${bytesMax} bytes.`),

  // Projects, logstores, shards.
  projectNotExist: (name: string) => notFound('ProjectNotExist', `The Project does not exist : ${name}`),
  projectNotNamed: () =>
    notFound(
      'ProjectNotExist',
      'The Project does not exist : the host names none; it has to be <project>.<endpoint>.',
    ),
  projectAlreadyExist: (name: string) => badRequest('ProjectAlreadyExist', `Project ${name} already exist`),
  logstoreNotExist: (name: string) => notFound('LogStoreNotExist', `logstore ${name} does not exist`),
  logstoreAlreadyExist: (name: string) =>
    badRequest('LogStoreAlreadyExist', `logstore ${name} already exists`),
  logstoreInfoInvalid: (message: string) => badRequest('LogStoreInfoInvalid', message),
  shardNotExist: (shard: string) => badRequest('ShardNotExist', `Shard ${shard} does not exist`),
  invalidCursor: (cursor: string) => badRequest('InvalidCursor', `cursor ${cursor} is invalid`),

  // Consumer groups. ConsumerNotMatch is in no documentation, but in the Java and Go consumer libraries.
  groupAlreadyExist: () => badRequest('ConsumerGroupAlreadyExist', 'consumer group already exist'),
  groupNotExist: () => notFound('ConsumerGroupNotExist', 'consumer group not exist'),
  groupInvalid: () => badRequest('JsonInfoInvalid', 'consumerGroup or timeout is of error format'),
  groupQuotaExceed: (max: number) =>
    badRequest('ConsumerGroupQuotaExceed', `A logstore has at most ${max} consumer groups.`),
  unknownConsumerWithShards: () =>
    badRequest('NotExistConsumerWithBody', 'non-exist consumer with non-empty body of heartbeat message'),
  consumerNotExist: () => notFound('ConsumerNotExist', 'consumer not exist in the consumer group'),
  consumerNotMatch: (consumer: string, shard: number) =>
    badRequest('ConsumerNotMatch', `consumer ${consumer} does not hold shard ${shard}`),
  shardNotInGroup: () => notFound('ShardNotExist', 'shard not exist'),
  checkpointInvalid: () => badRequest('InvalidShardCheckPoint', 'shard checkpoint not encoded by base64'),

  // Limits.
  projectQuotaExceed: (message: string) => badRequest('ProjectQuotaExceed', message),
  writeQuotaExceed: (message: string) => new Refusal(403, 'WriteQuotaExceed', message),
  // Messages as in "Handle resource throttling errors"; of a project's reads, "Limits on data read and write".
  projectWriteQuotaExceed: (of: 'inflow' | 'qps') =>
    new Refusal(403, 'WriteQuotaExceed', `Project write quota exceed: ${of}`),
  readQuotaExceed: () => new Refusal(403, 'ReadQuotaExceed', 'Read QPS Exceed'),
  shardReadQuotaExceed: (of: 'bytes' | 'qps') =>
    new Refusal(403, 'ShardReadQuotaExceed', `shard read ${of} exceed quota limits`),
  shardWriteQuotaExceed: (shard: number) =>
    new Refusal(403, 'ShardWriteQuotaExceed', `shard write quota exceed, shard: ${shard}`),
  shardsWriteQuotaExceed: () =>
    new Refusal(403, 'ShardWriteQuotaExceed', 'shard write quota exceed, please split shard'),
};
