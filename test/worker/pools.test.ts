import { describe, expect, it } from "vitest";
import { createPool } from "../../worker/pools/index.ts";

const execute = (): { readonly state: "IGNORED" } => ({ state: "IGNORED" });

describe("createPool", () => {
  it.each([
    ["solo", undefined, "solo", 1],
    ["async", undefined, "async", 100],
    ["gevent", 7, "async", 7],
    ["eventlet", 5000, "async", 5000],
  ])("%s with concurrency %s is the %s pool of size %i", async (name, concurrency, kind, size) => {
    const pool = await createPool(name, { concurrency, execute });
    expect(pool).toMatchObject({ name: kind, size });
    await pool.close();
    await pool.close();
  });

  it.each([
    ["prefork2", undefined, /There is no pool "prefork2"; known pools: solo, async, gevent, eventlet/],
    ["toString", undefined, /There is no pool "toString"/],
    ["solo", 2, /The solo pool runs one task at a time/],
    ["async", 0, /whole number from 1 to 100000/],
    ["async", 1.5, /whole number from 1 to 100000/],
  ])("refuses %s with concurrency %s", async (name, concurrency, message) => {
    await expect(createPool(name, { concurrency, execute })).rejects.toThrow(message);
  });
});
