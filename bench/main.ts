/** `npm run bench NAME [-- options]`: runs bench/NAME.ts. */
import { readdirSync } from 'node:fs';

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.replace(/\.ts$/, ''));
const [name = ''] = process.argv.splice(2, 1);
if (names.includes(name)) await import(`./${name}.ts`);
else {
  console.error(`bench: ${JSON.stringify(name)} is not a benchmark; there are ${names.join(', ')}`);
  process.exitCode = 2;
}
