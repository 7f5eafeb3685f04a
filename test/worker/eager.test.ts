/** Tasks that run inside the call: nothing here has a broker that answers. */
import { describe, expect, it } from "vitest";
import type { App, Settings } from "../../app/index.ts";
import { chain, chord, group } from "../../canvas/index.ts";
import { signature } from "../../protocol/index.ts";
import { redisUrl } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import "../../worker/index.ts";

function eagerApp(settings: Partial<Settings> = {}): App {
  const app = testApp({
    taskAlwaysEager: true,
    brokerUrl: "redis://127.0.0.1:1/0",
    resultBackend: null,
    taskPublishDeadline: 1,
    ...settings,
  });
  app.task("add", (x: number, y: number) => x + y);
  app.task("sum", (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0));
  app.task("fail", () => {
    throw new RangeError("too far");
  });
  return app;
}

describe("taskAlwaysEager", () => {
  it("runs a task before the call returns", async () => {
    const app = eagerApp();
    const result = await app.sendTask("add", { args: [2, 3], countdown: 3600 });
    expect([await result.state(), await result.get()]).toEqual(["SUCCESS", 5]);
    expect(await app.call("add", { args: [20, 30] })).toBe(50);
  });

  it("gives even an ignored result", async () => {
    expect(await eagerApp({ taskIgnoreResult: true }).call("add", { args: [2, 3] })).toBe(5);
  });

  it("keeps a failure for the caller", async () => {
    const result = await eagerApp().sendTask("fail");
    await expect(result.get()).rejects.toMatchObject({ type: "RangeError", args: ["too far"] });
  });

  it("throws what the task throws with taskEagerPropagates", async () => {
    const app = eagerApp({ taskEagerPropagates: true });
    await expect(app.sendTask("fail")).rejects.toBeInstanceOf(RangeError);
    await expect(app.call("fail", {})).rejects.toThrow("too far");
    await expect(app.sendTask("add", { args: [1] })).rejects.toMatchObject({ code: "bad_config" });
  });

  it("retries at once, and not more often than allowed", async () => {
    const app = eagerApp();
    app.task("third time", { bind: true }, (self) => {
      if (self.request.retries < 2) throw self.retry({ countdown: 3600 });
      return self.request.retries;
    });
    let runs = 0;
    app.task("never", { autoretryFor: [RangeError], maxRetries: 2 }, () => {
      runs += 1;
      throw new RangeError("too far");
    });
    expect(await app.call("third time", {})).toBe(2);
    await expect(app.call("never", {})).rejects.toMatchObject({ type: "RangeError" });
    expect(runs).toBe(3);
  });

  it("runs links, chains, groups and chords", async () => {
    const app = eagerApp();
    const linked: unknown[] = [];
    app.task("note", (value: unknown) => void linked.push(value));
    const add = (...args: readonly number[]) => signature("add", args);
    await app.send("add", { args: [1, 2], link: signature("note", []) });
    expect(linked).toEqual([3]);
    expect(await (await app.apply(chain(add(1, 2), add(3)))).get()).toBe(6);
    expect(await (await app.apply(group([add(1, 2), add(3, 4)]))).get()).toEqual([3, 7]);
    expect(await (await app.apply(chord([add(1, 2), add(3, 4)], signature("sum", [])))).get()).toBe(10);
  });

  it("keeps results in the result store with taskStoreEagerResult", async () => {
    const resultBackend = await redisUrl();
    const result = await eagerApp({ resultBackend, taskStoreEagerResult: true }).sendTask("add", {
      args: [2, 3],
    });
    expect(await testApp({ resultBackend }).result(result.id).get({ timeoutMs: 10_000 })).toBe(5);
  });

  it("sends what only others can run", async () => {
    // Long enough for what is left of it after nine tenths to be more than a busy machine's pauses.
    const app = eagerApp({ taskPublishDeadline: 5 });
    await expect(app.sendTask("elsewhere")).rejects.toMatchObject({ code: "broker_unavailable" });
  }, 20_000);
});
