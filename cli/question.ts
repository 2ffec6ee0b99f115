import { createInterface } from 'node:readline';
import { stoppedBy } from '../lib/commandLine/stop.ts';

/**
 * What a person types behind a question. On a terminal Ctrl-C is a key there, and no signal: it rejects as the signal would. Ctrl-D, or a
 * terminal that has gone, is an empty answer.
 */
export async function askOn(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  question: string,
): Promise<string> {
  const prompt = createInterface({ input, output, terminal: true });
  let isAnswered = false;
  try {
    return await new Promise<string>((resolve, reject) => {
      prompt.once('SIGINT', () => reject(stoppedBy('SIGINT')));
      prompt.once('close', () => resolve(''));
      prompt.question(question, (answer) => {
        isAnswered = true;
        resolve(answer);
      });
    });
  } finally {
    prompt.close();
    // Only what is answered has ended its line.
    if (!isAnswered) output.write('\n');
  }
}
