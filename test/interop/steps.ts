import { type Golden, writeGolden } from '../golden/golden.ts';

export interface Step {
  name: string;
  /** What it is kept as, if it is. */
  golden?: string;
  /** What was said, or a remark. */
  run(): Promise<Golden | string>;
}

/** Says how it went, and returns whether it went well. */
export async function perform({ name, golden, run }: Step, record: boolean): Promise<boolean> {
  const startedAtMs = Date.now();
  try {
    const said = await run();
    const remark = typeof said === 'string' ? said : `${said.exchanges.length} requests`;
    if (record && golden !== undefined && typeof said !== 'string') await writeGolden(golden, said);
    console.log(`ok      ${name}: ${remark} (${((Date.now() - startedAtMs) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    console.log(`FAILED  ${name}\n${error instanceof Error ? error.stack : error}`);
    return false;
  }
}
