import { describe, expect, it } from "vitest";
import { createClusterRate } from "../../worker/cluster-rate.ts";
import { redisUrl } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

describe("rate limits that workers share", () => {
  it("let one worker start a task, and the other wait", async () => {
    const url = await redisUrl();
    const [one, other] = [createClusterRate(url), createClusterRate(url)];
    expect(await one.take("mail", 0.1)).toBe(0);
    const waitMs = await other.take("mail", 0.1);
    expect(waitMs).toBeGreaterThan(8000);
    expect(waitMs).toBeLessThanOrEqual(10_000);
    expect(await other.take("other", 0.1)).toBe(0);
    // A higher rate counts at once.
    expect(await one.take("mail", 1000)).toBeLessThanOrEqual(1);
    await Promise.all([one.close(), other.close()]);
  });

  it("count over two workers", async () => {
    const app = testApp({ brokerUrl: await redisUrl(), workerRateLimitStore: await redisUrl() });
    const starts: number[] = [];
    const limited = app.task("limited", { rateLimit: "5/s" }, () => void starts.push(Date.now()));
    await testWorker(app, { concurrency: 10 });
    await testWorker(app, { concurrency: 10 });
    for (let at = 0; at < 6; at += 1) await limited.delay();
    await expect.poll(() => starts.length, { timeout: 20_000 }).toBe(6);
    // Six starts have five intervals of 200 ms between them, whoever makes them.
    expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeGreaterThan(900);
  });

  it("are kept by each worker while Redis is away", async () => {
    const warnings: string[] = [];
    const app = testApp({
      workerRateLimitStore: "redis://127.0.0.1:1/0",
      onWarning: (message: string) => warnings.push(message),
    } as object);
    const limited = app.task("limited", { rateLimit: "100/s" }, () => "done");
    await testWorker(app);
    expect(await limited.call([], { timeoutMs: 20_000 })).toBe("done");
    expect(warnings.join()).toContain("cannot be shared");
  });
});
