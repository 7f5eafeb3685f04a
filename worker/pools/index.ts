/** Pools by Celery's names. A new one is a file and a line here. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError, toError } from "../../protocol/index.ts";
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

/** Pools that are named with what they run on: `https://host/path`, `exec:./program`. */
const SCHEMES: readonly (readonly [start: RegExp, module: PoolModule])[] = [
  [/^(?=https?:\/\/)/, () => import("./http.ts")],
  [/^exec:/, () => import("./exec.ts")],
];

/** A name of the table, a URL of one of the schemes, or the file of a module whose default export is a {@link PoolFactory}. */
export async function createPool(name: string, options: PoolOptions): Promise<Pool> {
  const known = Object.hasOwn(POOLS, name) ? POOLS[name] : undefined;
  if (known !== undefined) return await (await known()).default(options);
  for (const [start, load] of SCHEMES) {
    if (start.test(name))
      return await (await load()).default({ ...options, target: name.replace(start, "") });
  }
  if (/[\\/]|\.[cm]?[jt]s$/.test(name)) return await (await loadPoolModule(name))(options);
  const others = "a URL (https://...), exec:<program> or the file of a module";
  throw new ConfigurationError(
    `There is no pool "${name}"; known pools: ${Object.keys(POOLS).join(", ")}, ${others}.`,
  );
}

async function loadPoolModule(path: string): Promise<PoolFactory> {
  const module: unknown = await import(pathToFileURL(resolve(path)).href).catch((error: unknown) => {
    throw new ConfigurationError(`The pool ${path} cannot be loaded: ${toError(error).message}`, {
      cause: error,
    });
  });
  const factory = (module as { readonly default?: unknown }).default;
  if (typeof factory === "function") return factory as PoolFactory;
  throw new ConfigurationError(`The default export of ${path} must be a function that makes a pool.`);
}
