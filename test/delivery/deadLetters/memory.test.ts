import { createMemoryDeadLetters, type MemoryLetters } from '../../../lib/delivery/deadLetters/memory.ts';
import { describeDeadLetters } from '../../conformance/deadLetters.ts';
import { createManualClock } from '../../support/clock.ts';

describeDeadLetters('memory', async () => {
  const clock = createManualClock();
  const groups = new Map<string, MemoryLetters>();
  return {
    clock,
    open(group, lettersMax) {
      const letters = groups.get(group) ?? new Map();
      groups.set(group, letters);
      return createMemoryDeadLetters({ letters, lettersMax, now: clock.now });
    },
  };
});
