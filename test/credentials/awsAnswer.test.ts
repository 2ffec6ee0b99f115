import { describe, expect, it } from 'vitest';
import { refusalIn } from '../../lib/credentials/awsAnswer.ts';

const said = (body: string, headers: Record<string, string> = {}) =>
  refusalIn({ status: 400, headers, body: Buffer.from(body) });

describe('a refusal', () => {
  it('is read wherever a service writes its code and its message', () => {
    expect(said('{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"none"}')).toEqual({
      code: 'QueueDoesNotExist',
      message: 'none',
    });
    const header = { 'x-amzn-errortype': 'AccessDeniedException:http://internal' };
    expect(said('{"Message":"no"}', header)).toEqual({ code: 'AccessDeniedException', message: 'no' });
  });

  it.each(['', '[]', 'null', '"no"', '<html>'])('without either is told by its status: %s', (body) => {
    expect(said(body)).toEqual({ code: 'status 400', message: 'no error message' });
  });
});
