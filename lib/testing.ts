/** For tests: of the user's function, and of a source of one's own. Nothing here depends on a test runner. */
export { batchOf, contextOf, type TestContext } from './testing/batch.ts';
export type { Merged, SourceBackend, SourceCase } from './testing/conformance/sourceCase.ts';
export { sourceCases } from './testing/conformance/sourceCases.ts';
export { startTestGroup, type TestGroup, type TestGroupOptions } from './testing/group.ts';
export { createMemorySource, type MemorySource, type MemorySourceOptions } from './testing/memorySource.ts';
export { type RecordFields, type RecordLike, type RecordMeta, recordOf } from './testing/records.ts';
