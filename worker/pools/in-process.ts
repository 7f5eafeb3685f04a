import type { Pool, PoolOptions } from "../pool.ts";

/** The run of a pool whose tasks begin at once, in the worker's own loop. */
export function startAndExecute(execute: PoolOptions["execute"]): Pool["run"] {
  return (job, onStart) => {
    onStart(job);
    return execute(job);
  };
}
