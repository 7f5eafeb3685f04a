import { describe, expect, it } from "vitest";
import type { PoolOptions } from "../../worker/pool.ts";
import { createPool } from "../../worker/pools/index.ts";

const execute = (): { readonly state: "IGNORED" } => ({ state: "IGNORED" });

const options = (concurrency: number | undefined): PoolOptions => ({
  concurrency,
  execute,
  updateState: async () => undefined,
  appModule: undefined,
  hostname: "w@h",
  childConcurrency: 1,
  maxTasksPerChild: null,
  maxMemoryPerChild: null,
  target: undefined,
  poolSecrets: [],
  maxBytes: 1000,
  onWarning: () => undefined,
});

describe("createPool", () => {
  it.each([
    ["solo", undefined, "solo", 1],
    ["async", undefined, "async", 100],
    ["gevent", 7, "async", 7],
    ["eventlet", 5000, "async", 5000],
  ])("%s with concurrency %s is the %s pool of size %i", async (name, concurrency, kind, size) => {
    const pool = await createPool(name, options(concurrency));
    expect(pool).toMatchObject({ name: kind, size });
    await pool.close();
    await pool.close();
  });

  it.each([
    [
      "prefork2",
      undefined,
      /There is no pool "prefork2"; known pools: prefork, processes, threads, solo, async, gevent, eventlet/,
    ],
    ["toString", undefined, /There is no pool "toString"/],
    ["solo", 2, /The solo pool runs one task at a time/],
    ["async", 0, /whole number from 1 to 100000/],
    ["prefork", 0, /The prefork pool loads the app in other processes/],
    ["async", 1.5, /whole number from 1 to 100000/],
  ])("refuses %s with concurrency %s", async (name, concurrency, message) => {
    await expect(createPool(name, options(concurrency))).rejects.toThrow(message);
  });
});
