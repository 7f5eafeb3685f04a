/** One task at a time, in the worker's own loop. */
import { ConfigurationError } from "../../protocol/index.ts";
import type { PoolFactory } from "../pool.ts";
import { startAndExecute } from "./in-process.ts";

const createSoloPool: PoolFactory = ({ concurrency, execute }) => {
  if (concurrency !== undefined && concurrency !== 1) {
    throw new ConfigurationError(
      `The solo pool runs one task at a time; concurrency ${concurrency} needs --pool async.`,
    );
  }
  return {
    name: "solo",
    size: 1,
    pids: [process.pid],
    run: startAndExecute(execute),
    close: async () => undefined,
  };
};

export default createSoloPool;
