import { typesOf } from '../service/protobuf.ts';

/** `log_logs.proto`, equal in all official SDKs, but with bytes for text: a put is kept as it came, whatever it holds. */
const typeOf = typesOf(`
  message Content { required bytes Key = 1; required bytes Value = 2; }
  message Log { required uint32 Time = 1; repeated Content Contents = 2; optional fixed32 Time_ns = 4; }
  message LogGroup {
    repeated Log Logs = 1; optional bytes Category = 2; optional bytes Topic = 3; optional bytes Source = 4;
    optional bytes MachineUUID = 5; repeated Content LogTags = 6;
  }
`);

/** Of a content of a log, and of a tag of a group. */
export const CONTENT = typeOf('Content');
export const LOG = typeOf('Log');
export const LOG_GROUP = typeOf('LogGroup');
