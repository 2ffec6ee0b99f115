/** What came of dead letters, in words. */
import { several } from '../../amounts.ts';
import type { DropAnswer, RedriveAnswer } from '../feed.ts';

export function redrivenText({ redriven, failed, skipped, message }: RedriveAnswer): string {
  const parts = [
    ...(redriven > 0 ? [`${redriven} redriven`] : []),
    ...(failed > 0 ? [`${failed} failed again${message === undefined ? '' : `: ${message}`}`] : []),
    ...(skipped > 0 ? [`${skipped} in another redrive`] : []),
  ];
  return parts.length === 0 ? 'there was none to redrive' : parts.join(', ');
}

export const droppedText = ({ dropped, skipped }: DropAnswer): string =>
  `${several(dropped, 'dead letter')} dropped${skipped > 0 ? `, ${skipped} kept: a redrive has ${skipped === 1 ? 'it' : 'them'}` : ''}`;
