/** Child processes, forked before the first task comes: for tasks that compute, and the only pool that ends any task. */
import { availableParallelism } from "node:os";
import type { PoolFactory } from "../pool.ts";
import { processCarrier } from "./child/carrier.ts";
import { ChildPool } from "./child-pool.ts";

const createPreforkPool: PoolFactory = (options) =>
  new ChildPool({
    ...options,
    name: "prefork",
    carrier: processCarrier,
    defaultConcurrency: availableParallelism(),
  });

export default createPreforkPool;
