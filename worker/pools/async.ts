/**
 * Hundreds to thousands of tasks that wait for I/O, in one event loop: what gevent and eventlet are to Python. A task that
 * computes for long holds up all the others.
 */
import { ConfigurationError } from "../../protocol/index.ts";
import type { PoolFactory } from "../pool.ts";
import { startAndExecute } from "./in-process.ts";

const DEFAULT_CONCURRENCY = 100;
const MAX_CONCURRENCY = 100_000;

const createAsyncPool: PoolFactory = ({ concurrency = DEFAULT_CONCURRENCY, execute }) => {
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    throw new ConfigurationError(
      `Concurrency must be a whole number from 1 to ${MAX_CONCURRENCY}; it is ${concurrency}.`,
    );
  }
  return {
    name: "async",
    size: concurrency,
    pids: [process.pid],
    run: startAndExecute(execute),
    close: async () => undefined,
  };
};

export default createAsyncPool;
