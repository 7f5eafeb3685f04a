import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cleanUp } from "../../testing/clean-up.ts";
import { bodies, entries, tags, takeOne } from "../../testing/queue-store.ts";
import { startRedis, temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";
import { redisPlace } from "./redis-place.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

async function child(...args: readonly string[]): Promise<GuardedProcess> {
  const started = new GuardedProcess({
    command: process.execPath,
    args: ["--import", "tsx", "test/transports/redis-child.ts", ...args],
    folder: await temporaryFolder(),
    stopSignal: "SIGKILL",
    cwd: root,
  });
  cleanUp(() => started.stop());
  return started;
}

describe("kill -9 of a process", () => {
  // The promise is 20 s whatever the visibility timeout, here the default of an hour; starting the child takes a moment.
  test("what it held is delivered again within 20 s", { timeout: 25_000 }, async () => {
    const place = await redisPlace();
    const store = await place.process({ leaseMs: 8000 }).open();
    await store.put(entries("q", "a", "b", "c", "d"));
    const holder = await child("hold", place.url, "q", "8000");
    await holder.waitForOutput(/holding 3/);
    expect(bodies(await store.take(["q"], 10))).toEqual(["d"]);
    await holder.kill();
    const returned = [await takeOne(store, ["q"])];
    returned.push(...(await store.take(["q"], 10)));
    expect(bodies(returned)).toEqual(["a", "b", "c"]);
    expect(returned.map((message) => message.previousDeliveries)).toEqual([1, 1, 1]);
    await store.settle(tags(returned), []);
    expect(await place.admin.hlen("unacked")).toBe(1);
  });

  test("in full flow loses nothing", { timeout: 60_000 }, async () => {
    const place = await redisPlace();
    const total = 20_000;
    const texts = Array.from({ length: total }, (_, at) => String(at).padStart(5, "0"));
    const store = await place.process({ leaseMs: 2000 }).open();
    const ledger = join(await temporaryFolder(), "ledger");
    const worker = await child("work", place.url, "q", "2000", ledger);
    await worker.waitForOutput(/working/);
    for (let at = 0; at < total; at += 500) await store.put(entries("q", ...texts.slice(at, at + 500)));
    await expect
      .poll(async () => (await readFile(ledger, "utf8").catch(() => "")).length)
      .toBeGreaterThan(1000);
    await worker.kill();
    const seen = new Set((await readFile(ledger, "utf8")).trim().split("\n"));
    const before = seen.size;
    expect(before).toBeLessThan(total);
    while ((await place.admin.exists("q", "unacked")) > 0) {
      const messages = await store.take(["q"], 500);
      for (const text of bodies(messages)) seen.add(String(text));
      await store.settle(tags(messages), []);
      if (messages.length === 0) await store.waitForMessages(["q"], new AbortController().signal);
    }
    expect([...seen].toSorted()).toEqual(texts);
  });
});

describe("a process that stands still", () => {
  test("beyond the limit: its messages go to others, and its late acknowledgement takes nothing from them", async () => {
    const place = await redisPlace();
    const store = await place.process({ leaseMs: 1000 }).open();
    await store.put(entries("q", "a", "b"));
    const sleepy = await child("hold", place.url, "q", "1000");
    await sleepy.waitForOutput(/holding 2/);
    sleepy.signal("SIGSTOP");
    const again = [await takeOne(store, ["q"])];
    again.push(...(await store.take(["q"], 10)));
    expect(bodies(again)).toEqual(["a", "b"]);
    sleepy.signal("SIGCONT");
    await sleepy.waitForOutput(/may have gone to other workers/);
    sleepy.signal("SIGUSR2");
    await sleepy.waitForOutput(/settled/);
    expect((await place.admin.hkeys("unacked")).toSorted()).toEqual(tags(again));
    await store.settle(tags(again), []);
    expect(await place.admin.exists("q", "unacked", "unacked_index")).toBe(0);
  });

  test("a server that stands still gives nothing away", { timeout: 30_000 }, async () => {
    const server = await startRedis();
    const place = await redisPlace(server.url);
    const options = { leaseMs: 1000, socketTimeout: 20 };
    const stores = [await place.process(options).open(), await place.process(options).open()];
    const [one] = stores;
    if (one === undefined) return;
    await one.put(entries("q", "a", "b"));
    for (const store of stores) await store.take(["q"], 1);
    server.pause();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    server.resume();
    // Two looks of everybody at the lives, at least.
    const looks = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await place.admin.info("commandstats"))?.[1]);
    const before = await looks();
    await expect.poll(looks, { timeout: 20_000 }).toBeGreaterThan(before + 20);
    expect(await place.admin.exists("q")).toBe(0);
    expect(await place.admin.hlen("unacked")).toBe(2);
  });
});
