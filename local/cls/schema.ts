import { typesOf } from '../service/protobuf.ts';

/** `cls.proto` of the official SDKs (the Go SDK's has `hostname` besides), but with bytes for text: what came is kept. */
const typeOf = typesOf(`
  message Pair { required bytes key = 1; required bytes value = 2; }
  message Log { required int64 time = 1; repeated Pair contents = 2; optional int64 collectTime = 3; }
  message LogGroup {
    repeated Log logs = 1; optional bytes contextFlow = 2; optional bytes filename = 3; optional bytes source = 4;
    repeated Pair logTags = 5; optional bytes hostname = 6;
  }
  message LogGroupList { repeated LogGroup logGroupList = 1; }
`);

/** Of a content of a log, and of a tag of a group. */
export const PAIR = typeOf('Pair');
export const LOG = typeOf('Log');
export const LOG_GROUP = typeOf('LogGroup');
export const LOG_GROUP_LIST = typeOf('LogGroupList');
