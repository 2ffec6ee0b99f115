/** Values of a span, as far as they are known. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What is being done, for as long as it takes. */
export interface Span {
  set(attributes: Attributes): void;
  /** It did not succeed, though nothing is thrown. */
  fail(error: unknown): void;
}

export interface Tracing {
  /** Runs the work in a span, in which those of the work are. A span whose work throws has failed. */
  span<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T>;
}

const NO_SPAN: Span = { set() {}, fail() {} };

/** Where nobody wants to know. */
export const noTracing: Tracing = { span: (_name, _attributes, work) => work(NO_SPAN) };
