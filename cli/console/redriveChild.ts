/** The process in which the user's module takes dead letters for the page: what to do comes on stdin, and what became of it leaves by the fourth descriptor. */
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { messageOf } from '../../lib/observe/plainError.ts';
import { type LetterFilter, openGroup } from '../../lib/operations.ts';
import { loadModule } from '../module.ts';

const ANSWER = 3;

interface Order {
  readonly module: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly filter: LetterFilter;
}

async function carryOut({ module, environment, filter }: Order): Promise<object> {
  try {
    const userModule = await loadModule(module, module);
    return { result: await openGroup({ environment }).redrive(userModule, filter) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

writeFileSync(ANSWER, JSON.stringify(await carryOut(JSON.parse(await text(process.stdin)) as Order)));
// Whatever the module has left running is not waited for.
process.exit();
