/** Which blocks of our code, and of the libraries under it, inputs reach: from V8's own counters. */
import { Session } from "node:inspector/promises";

/** The counters of this process. */
export interface Coverage {
  /** Resolves to the blocks reached since the last call that {@link Coverage.add} was not told of. */
  takeNew(): Promise<readonly string[]>;
  /** These are known from now on. */
  add(blocks: readonly string[]): void;
  /** Known blocks. */
  readonly size: number;
}

/** Starts counting in this process, in files under `root` but for the fuzzer's own. */
export async function startCoverage(root: string): Promise<Coverage> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const seen = new Set<string>();

  return {
    async takeNew() {
      const { result } = await session.post("Profiler.takePreciseCoverage");
      const blocks: string[] = [];
      for (const { url, scriptId, functions } of result) {
        if (!url.startsWith(root) || url.startsWith(`${root}fuzz/`)) continue;
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            const block = `${scriptId}:${startOffset}:${endOffset}`;
            if (count > 0 && !seen.has(block)) blocks.push(block);
          }
        }
      }
      return blocks;
    },
    add(blocks) {
      for (const block of blocks) seen.add(block);
    },
    get size() {
      return seen.size;
    },
  };
}
