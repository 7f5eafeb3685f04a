/** Pools by Celery's names. A new one is a file and a line here. */
import { ConfigurationError } from "../../protocol/index.ts";
import type { Pool, PoolFactory, PoolOptions } from "../pool.ts";

type PoolModule = () => Promise<{ readonly default: PoolFactory }>;

const asyncPool: PoolModule = () => import("./async.ts");

const POOLS: Readonly<Record<string, PoolModule>> = {
  prefork: () => import("./prefork.ts"),
  processes: () => import("./prefork.ts"),
  threads: () => import("./threads.ts"),
  solo: () => import("./solo.ts"),
  async: asyncPool,
  gevent: asyncPool,
  eventlet: asyncPool,
};

/** Throws ConfigurationError for a name that is not in the table. */
export async function createPool(name: string, options: PoolOptions): Promise<Pool> {
  const load = Object.hasOwn(POOLS, name) ? POOLS[name] : undefined;
  if (load === undefined) {
    throw new ConfigurationError(
      `There is no pool "${name}"; known pools: ${Object.keys(POOLS).join(", ")}.`,
    );
  }
  return await (await load()).default(options);
}
