/** The package's face: what a function is made of, and the types and errors that it meets. Nothing else is public. */
export type { OperateEvent } from './config/operate.ts';
export type { RedriveEvent } from './config/redrive.ts';
export type { TickEvent } from './config/slot.ts';
export {
  type ConsumeOptions,
  type Consumer,
  type ConsumerEvent,
  type ConsumerResult,
  consume,
} from './consume.ts';
export type { GroupEvent } from './delivery/groupEvent.ts';
export type { RedriveResult } from './delivery/redrive.ts';
export type {
  Batch,
  BatchContext,
  BatchOutcome,
  BatchWrites,
  EachBatch,
  EachRecord,
  FailedRecords,
  ModuleExtras,
  OnEvent,
  RecordContext,
  RecordKey,
  ShardFunctions,
  StartShard,
  StopReason,
  StopShard,
  UserFunction,
  UserModule,
} from './delivery/userModule.ts';
export {
  SettingsError,
  ShardbeatError,
  SourceError,
  type SourceErrorDetails,
  StoreError,
} from './errors.ts';
export { default } from './frameworkPlugin.ts';
export type { ItemWrite } from './group/itemWrite.ts';
export type { Lag, ShardLag } from './group/lag.ts';
export type { Sought } from './group/operations.ts';
export type { AnyLogger } from './observe/anyLogger.ts';
export type { Fields, Logger } from './observe/logger.ts';
export type { OpenTelemetry } from './observe/openTelemetry.ts';
export type {
  LogRecord,
  Position,
  Pulled,
  PullRequest,
  RawPair,
  Source,
  SourceShard,
  StreamList,
} from './sources/source.ts';
export type { RungResult } from './tick/doorbell.ts';
export type { ShardResult, TickResult } from './tick/result.ts';
export type { RingEvent } from './tick/ring.ts';
