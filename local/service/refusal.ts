/** An answer that is not success. Thrown anywhere below the HTTP edge, which turns it into the answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }
}

/** What went wrong, as a refusal. What is none is a bug of the local service, and says so. */
export function asRefusal(error: unknown, internalCode: string): Refusal {
  return error instanceof Refusal ? error : new Refusal(500, internalCode, `Internal error: ${error}`);
}
