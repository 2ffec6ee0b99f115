import { afterAll, beforeAll } from 'vitest';
import { describeDoorbell } from '../conformance/doorbell.ts';
import { createManualClock } from '../support/clock.ts';
import { type SqsService, startSqsService } from '../support/sqsService.ts';

let service: SqsService;
const clock = createManualClock();
beforeAll(async () => {
  service = await startSqsService();
  service.clock = clock;
});
afterAll(() => service.close());

describeDoorbell('a queue of SQS', async () => {
  service.clear();
  return {
    url: `${service.url}/123456789012/orders`,
    pass: async (seconds) => clock.advance(seconds * 1_000),
  };
});
