/** Stores of nonces: the contract, and what is special about each. */
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { openNonceStore } from "../../signing/index.ts";
import { createMemoryNonceStore } from "../../signing/seal/nonces/memory.ts";
import { openSql } from "../../stores/sql/index.ts";
import { again, newClaim, testNonceStore } from "../../testing/nonce-store.ts";
import { postgresUrl, redisUrl, sqliteFile, startRedis } from "../helpers/services.ts";

testNonceStore("memory", async () => ({ open: async () => createMemoryNonceStore(), alone: true }));
testNonceStore("Redis", async () => {
  const url = await redisUrl();
  return { open: () => openNonceStore({ url }) };
});
testNonceStore("SQLite", async () => {
  const file = await sqliteFile();
  return { open: () => openNonceStore({ url: `db+sqlite:///${file}` }) };
});
testNonceStore("PostgreSQL", async () => {
  const url = (await postgresUrl()).replace(":", "+psycopg2:");
  return { open: () => openNonceStore({ url: `sqla+${url}` }) };
});

describe("memory", () => {
  test("forgets what has expired, and then what expires first", async () => {
    let nowMs = 1_000_000;
    const store = createMemoryNonceStore({ maxNonces: 3, now: () => nowMs });
    const at = (seconds: number) => ({ ...newClaim(), expiresAtMs: nowMs + seconds * 1000 });
    const [soon, later, latest] = [at(20), at(40), at(60)];
    await store.claim([latest, soon, later]);
    nowMs += 30_000;
    // One more would be one too many, had the first not expired.
    expect(await store.claim([at(100)])).toEqual(["new"]);
    expect(await store.claim([again(later), again(latest)])).toEqual(["started", "started"]);
    expect(await store.claim([at(110)])).toEqual(["new"]);
    // Now the second is forgotten: nobody can tell whether it was used, nor of others that expire as early.
    const early = { ...newClaim(), expiresAtMs: soon.expiresAtMs };
    expect(await store.claim([again(later), early])).toEqual(["forgotten", "forgotten"]);
    await store.done([later]);
    expect(await store.claim([again(later), again(latest)])).toEqual(["forgotten", "started"]);
  });
});

describe("Redis", () => {
  test("writes what the format says, for as long as it must be kept", async () => {
    const url = await redisUrl();
    const store = await openNonceStore({ url });
    const claim = newClaim();
    const redis = new Redis(url);
    const key = `celerity-nonce-${claim.name}`;
    await store.claim([claim]);
    expect(await redis.get(key)).toBe(`started:${claim.token}`);
    expect(await redis.pttl(key)).toBeGreaterThan(30_000);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(60_000);
    await store.done([claim]);
    expect(await redis.get(key)).toBe("done");
    expect(await redis.pttl(key)).toBeLessThanOrEqual(60_000);
    // What another language wrote.
    await redis.set(`${key}-other`, "started");
    expect(await store.claim([{ ...claim, name: `${claim.name}-other` }])).toEqual(["started"]);
    await redis.quit();
    await store.close();
  });

  test("says that it cannot be reached, and works again when it can", async () => {
    const server = await startRedis();
    const store = await openNonceStore({ url: `${server.url}/0` });
    const claim = newClaim();
    await store.claim([claim]);
    await server.kill();
    await expect(store.claim([again(claim)])).rejects.toMatchObject({ code: "backend_unavailable" });
    await server.restart();
    expect(await store.claim([again(claim)])).toEqual(["started"]);
    await store.close();
  });
});

describe("SQL", () => {
  test("writes what the format says, and says that it cannot be reached", async () => {
    const url = `sqlite:///${await sqliteFile()}`;
    const store = await openNonceStore({ url });
    const [one, other] = [newClaim(), newClaim()];
    await store.claim([one, other]);
    await store.done([other]);
    const db = await openSql(url);
    expect(await db.all("SELECT name, state, expires_at FROM celerity_nonce ORDER BY state")).toEqual([
      { name: other.name, state: "done", expires_at: other.expiresAtMs },
      { name: one.name, state: `started:${one.token}`, expires_at: one.expiresAtMs },
    ]);
    await db.run("DROP TABLE celerity_nonce");
    await expect(store.claim([one])).rejects.toMatchObject({ code: "backend_unavailable" });
    await db.close();
    await store.close();
  });
});

describe("URLs", () => {
  test.each(["amqp://localhost", "rpc://", "", "redis", "__proto__"])(
    "%j is no place for nonces",
    async (url) => {
      await expect(openNonceStore({ url })).rejects.toMatchObject({ code: "bad_config" });
    },
  );
});
