/** How many bytes of records a tick may have in memory at a time. */
import { SettingsError } from '../errors.ts';
import type { Environment } from './rules.ts';

const MIB = 1024 * 1024;
const BYTES_MIN = MIB;
/** What Lambda tells a function of its memory. */
const MEMORY = 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE';
/** The plugin's default, and what is taken where nobody says. */
const MEMORY_MB = 512;
/** What a function takes without any record: Node, the bundle, and what V8 leaves lying before it collects. */
const BASE_MB = 96;
/** What a byte of records takes at the most: compressed, as it is decoded, and kept as texts by the user's function. */
const FACTOR = 4;

const REMEDY = `write a whole number of bytes from ${BYTES_MIN}, or leave it out to go by the function's memory`;

/** As set; else by the function's memory. Throws a SettingsError where a batch that is to be joined has no room in it. */
export function readBytesMax(
  text: string | undefined,
  environment: Environment,
  { bytesMin }: { bytesMin: number },
): number {
  if (text === undefined) return bytesMaxOf(Number(environment[MEMORY]) || MEMORY_MB);
  const bytesMax = Number(text);
  if (bytesMax < BYTES_MIN) throw new SettingsError('SHARDBEAT_BYTES_MAX', text, REMEDY);
  if (bytesMax >= bytesMin) return bytesMax;
  const remedy = `a batch of SHARDBEAT_BATCH_BYTES_MIN (${bytesMin}) has no room in it: raise it, or lower the other`;
  throw new SettingsError('SHARDBEAT_BYTES_MAX', text, remedy);
}

/** For a function of so many MB. */
export const bytesMaxOf = (memoryMb: number): number =>
  Math.max(BYTES_MIN, Math.floor(((memoryMb - BASE_MB) / FACTOR) * MIB));
