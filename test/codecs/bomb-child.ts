/**
 * Decompresses standard input in a process of its own, so that its memory can be told from a test runner's.
 * Its argument is the compressor's name. Prints { code, extraBytes, milliseconds } as JSON.
 */
import { buffer } from "node:stream/consumers";
import { createCodecs, DEFAULT_LIMITS } from "../../codecs/index.ts";
import { CelerityError } from "../../protocol/index.ts";

const compressor = createCodecs().compressor(process.argv[2] ?? "");
const bomb = await buffer(process.stdin);
// What the first use loads is no part of the bomb's cost.
await compressor.decompress(
  await compressor.compress(Buffer.alloc(100_000, "warm ")),
  DEFAULT_LIMITS.maxBytes,
);

const peak = (): number => process.resourceUsage().maxRSS * 1024;
const before = Math.max(peak(), process.memoryUsage().rss);
const start = performance.now();
let code = "no error";
try {
  await compressor.decompress(bomb, DEFAULT_LIMITS.maxBytes);
} catch (error) {
  if (!(error instanceof CelerityError)) throw error;
  code = error.code;
}
const milliseconds = Math.round(performance.now() - start);
process.stdout.write(JSON.stringify({ code, extraBytes: peak() - before, milliseconds }));
