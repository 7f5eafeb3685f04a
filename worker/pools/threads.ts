/** Worker threads: as prefork, with less memory for each, and one process that all of them share. */
import { availableParallelism } from "node:os";
import type { PoolFactory } from "../pool.ts";
import { threadCarrier } from "./child/carrier.ts";
import { ChildPool } from "./child-pool.ts";

const createThreadsPool: PoolFactory = (options) =>
  new ChildPool({
    ...options,
    name: "threads",
    carrier: threadCarrier,
    defaultConcurrency: availableParallelism(),
  });

export default createThreadsPool;
