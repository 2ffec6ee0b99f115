/** What user code may throw, or hand to a logger, and what an ordinary `JSON.stringify` or `String` fails for or never ends with. */
export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  'a symbol': () => Symbol('odd'),
  'a number': () => Number.NaN,
  'a bigint': () => 12n,
  'a huge bigint': () => 1n << 4_000_000n,
  'a function': () => () => 1,
  'an object without prototype': () => Object.create(null),
  'an object that is no error': () => ({ message: 'Rejected: quota', code: 429 }),
  'an object with a toString that throws': () => ({
    toString() {
      throw new Error('no text');
    },
  }),
  'an object with a toJSON that throws': () => ({
    toJSON() {
      throw new Error('no JSON');
    },
  }),
  'an object with a toJSON that never ends': () => {
    const again = (): object => ({ toJSON: again });
    return again();
  },
  'a circle': () => {
    const circle: Record<string, unknown> = { n: 1 };
    circle.self = circle;
    return circle;
  },
  'a circle of causes': () => {
    const outer = new Error('outer');
    outer.cause = new Error('inner', { cause: outer });
    return outer;
  },
  'a long chain of causes': () => {
    let error = new Error('first');
    for (let count = 0; count < 10_000; count++) error = new Error(`${count}`, { cause: error });
    return error;
  },
  'an error whose cause is a circular object': () => {
    const response: Record<string, unknown> = { status: 503 };
    response.request = { response };
    return new Error('sink refused the batch: 503', { cause: response });
  },
  'an error with getters that throw': () => {
    const error = new Error('x');
    for (const field of ['name', 'message', 'stack', 'cause', 'code', 'status', 'errors']) {
      Object.defineProperty(error, field, {
        get() {
          throw new Error('no such luck');
        },
      });
    }
    return error;
  },
  'an error whose fields have odd types': () =>
    Object.assign(new Error('x'), { name: Symbol('n'), message: {}, stack: 5n, code: [], errors: 1 }),
  'an error with a message of 100 MB': () => new Error(`big: ${'x'.repeat(100_000_000)}`),
  'an error with a message of control characters': () => new Error('\u0000\uD83D'.repeat(100_000)),
  'an error of a million errors': () =>
    new AggregateError(new Array(1_000_000).fill(new Error('one of many')), 'all'),
  'an error of errors of errors': () => {
    const some = (errors: unknown[]): AggregateError => new AggregateError(errors, 'some');
    const nested = (depth: number): Error =>
      some(Array(50).fill(depth === 0 ? new Error('x') : nested(depth - 1)));
    return nested(8);
  },
  // Of ten times as many, making it would take more time than all that is tested with it.
  'an object of a hundred thousand fields': () =>
    Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`field${index}`, index])),
  'a list of a hundred million': () => new Array(100_000_000),
  'an endless iterable in a Set': () => new Set(Array.from({ length: 100_000 }, (_, index) => ({ index }))),
  'a time that is none': () => new Date(Number.NaN),
  'a deep object': () => {
    let deep: object = {};
    for (let count = 0; count < 100_000; count++) deep = { deep };
    return deep;
  },
  'a proxy that throws': () => {
    const fail = (): never => {
      throw new Error('not even asked');
    };
    const traps = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'];
    return new Proxy({}, Object.fromEntries(traps.map((trap) => [trap, fail])));
  },
  'a proxy that was revoked': () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return proxy;
  },
};
