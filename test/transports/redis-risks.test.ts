import { describe, expect, it } from "vitest";
import { risksOfBrokers } from "../../app/index.ts";
import { withRedis } from "../../bench/lib/servers.ts";
import { startRedis } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";

describe("what a Redis may forget", () => {
  it("is told by the names of its settings", async () => {
    const { url } = await startRedis();
    const risks = (): Promise<readonly string[]> =>
      risksOfBrokers(testApp({ brokerUrl: `${url}/0` }).settings);
    expect(await risks()).toEqual([]);
    await withRedis(url, async (redis) => {
      await redis.config("SET", "appendonly", "no");
      await redis.config("SET", "maxmemory-policy", "allkeys-lru");
    });
    expect(await risks()).toEqual([
      expect.stringContaining("has appendonly no"),
      expect.stringContaining("has maxmemory-policy allkeys-lru"),
    ]);
  });

  it("is told of other servers too, and not twice of one", async () => {
    const { url } = await startRedis(["--appendonly", "no"]);
    const { settings } = testApp({ brokerUrl: "memory://" });
    expect(await risksOfBrokers(settings, `${url}/0`, `${url}/0`)).toEqual([
      expect.stringContaining("appendonly no"),
    ]);
  });

  it("is nothing where nobody may ask, or nobody answers", async () => {
    const { url } = await startRedis(["--appendonly", "no"]);
    await withRedis(url, (redis) => redis.acl("SETUSER", "default", "-config"));
    const { settings } = testApp({ brokerUrl: `${url}/0` });
    expect(await risksOfBrokers(settings, "redis://127.0.0.1:1/0", "sqlite:///gateway.db")).toEqual([]);
  });
});
