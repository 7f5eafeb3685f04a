import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Ignore, Reject, TaskError } from "../../app/index.ts";
import { exceptionOf, signature } from "../../protocol/index.ts";
import { createWorker } from "../../worker/index.ts";
import { publishRaw, takeMessages, testApp, testWorker } from "../helpers/worker.ts";

describe("worker", () => {
  it("runs a task and hands back its result", async () => {
    const app = testApp();
    const add = app.task("add", (x: number, y: number) => x + y);
    await testWorker(app);
    expect(await add.call([2, 3], { timeoutMs: 5000 })).toBe(5);
    const later = await add.delay(4, 5);
    expect(await later.get({ timeoutMs: 5000 })).toBe(9);
  });

  it("tells a failure with type, message and traceback", async () => {
    const app = testApp();
    const fail = app.task("fail", () => {
      throw new RangeError("too far");
    });
    await testWorker(app);
    const result = await fail.delay();
    const error = await result.get({ timeoutMs: 5000 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({
      code: "task_failed",
      type: "RangeError",
      args: ["too far"],
      message: "RangeError: too far",
    });
    expect((error as TaskError).remoteTraceback).toContain("RangeError: too far\n    at ");
  });

  it("retries with the same id until the task succeeds", async () => {
    const app = testApp();
    const seen: [string, number, string | undefined][] = [];
    const flaky = app.task("flaky", { bind: true }, (self) => {
      seen.push([self.request.id, self.request.retries, self.request.parentId]);
      if (self.request.retries < 2) throw self.retry({ countdown: 0, error: new Error("not yet") });
      return "done";
    });
    await testWorker(app);
    const result = await flaky.applyAsync([], { headers: { tenant: "t1" } });
    expect(await result.get({ timeoutMs: 5000 })).toBe("done");
    expect(seen).toEqual([
      [result.id, 0, undefined],
      [result.id, 1, result.id],
      [result.id, 2, result.id],
    ]);
  });

  it("fails with the reason when retries are used up", async () => {
    const app = testApp();
    const hopeless = app.task(
      "hopeless",
      { autoretryFor: [TypeError], maxRetries: 1, defaultRetryDelay: 0 },
      () => {
        throw new TypeError("always");
      },
    );
    await testWorker(app);
    await expect(hopeless.call([], { timeoutMs: 5000 })).rejects.toMatchObject({
      type: "TypeError",
      args: ["always"],
    });
  });

  it("replaces a task by another under the same id, which goes on with links and chain", async () => {
    const app = testApp();
    const linked: unknown[] = [];
    const add = app.task("add", (x: number, y: number) => x + y);
    const note = app.task("note", (value: unknown) => void linked.push(value));
    const double = app.task("double", (x: number) => x * 2);
    const swap = app.task("swap", { bind: true }, (self) => {
      throw self.replace(add.s(20, 1));
    });
    await testWorker(app);
    const result = await swap.applyAsync([], { link: signature("note"), chain: [signature("double")] });
    expect(await result.get({ timeoutMs: 5000 })).toBe(21);
    await expect.poll(() => linked).toEqual([21]);
    expect([note.name, double.name]).toEqual(["note", "double"]);
  });

  it("runs a chain and a link with the result of the task before", async () => {
    const app = testApp();
    const ends: unknown[] = [];
    const add = app.task("add", (x: number, y: number) => x + y);
    app.task("note", (value: unknown) => void ends.push(value));
    await testWorker(app);
    await add.applyAsync([1, 2], {
      link: signature("note"),
      chain: [signature("note"), signature("add", [10])],
    });
    await expect.poll(() => ends, { timeout: 5000 }).toHaveLength(2);
    expect(ends.sort()).toEqual([13, 3]);
  });

  it("calls error links with the id of the failed task", async () => {
    const app = testApp();
    const ids: unknown[] = [];
    app.task("on_error", (id: string) => void ids.push(id));
    const fail = app.task("fail", () => {
      throw new Error("x");
    });
    await testWorker(app);
    const { id } = await fail.applyAsync([], { linkError: signature("on_error") });
    await expect.poll(() => ids, { timeout: 5000 }).toEqual([id]);
  });

  it("holds a task until its countdown is over, and runs others meanwhile", async () => {
    const app = testApp();
    const order: string[] = [];
    const note = app.task("note", (name: string) => void order.push(name));
    await testWorker(app, { concurrency: 1, prefetchMultiplier: 1 });
    const late = await note.applyAsync(["late"], { countdown: 0.4 });
    const early = await note.delay("early");
    await Promise.all([late.get({ timeoutMs: 5000 }), early.get({ timeoutMs: 5000 })]);
    expect(order).toEqual(["early", "late"]);
  });

  it("revokes a task that has expired", async () => {
    const app = testApp();
    const add = app.task("add", (x: number) => x);
    const result = await add.applyAsync([1], { expires: new Date(Date.now() - 1000) });
    await testWorker(app);
    const error = await result.get({ timeoutMs: 5000 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "task_revoked", type: "TaskRevokedError", args: ["expired"] });
  });

  it("stores STARTED and custom states on the way", async () => {
    const app = testApp({ taskTrackStarted: true });
    const slow = app.task("slow", { bind: true }, async (self) => {
      await self.updateState("PROGRESS", { done: 1 });
      await sleep(50);
      return "end";
    });
    await testWorker(app);
    const states: string[] = [];
    await slow.call([], { timeoutMs: 5000, onChange: ({ status }) => states.push(status) });
    expect(states).toEqual(["STARTED", "PROGRESS", "SUCCESS"]);
  });

  it("runs as many tasks at once as its concurrency, and no more", async () => {
    const app = testApp();
    let running = 0;
    let most = 0;
    const wait = app.task("wait", async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(20);
      running -= 1;
    });
    await testWorker(app, { concurrency: 7 });
    const results = await Promise.all(Array.from({ length: 40 }, () => wait.delay()));
    await Promise.all(results.map((result) => result.get({ timeoutMs: 10_000 })));
    expect(most).toBe(7);
  });

  it("stores nothing for ignored results and Ignore", async () => {
    const app = testApp();
    const quiet = app.task("quiet", { ignoreResult: true }, () => 1);
    const ignored = app.task("ignored", () => {
      throw new Ignore("no matter");
    });
    const last = app.task("last", () => 1);
    await testWorker(app, { concurrency: 1 });
    const results = await Promise.all([quiet.delay(), ignored.delay()]);
    await (await last.delay()).get({ timeoutMs: 5000 });
    for (const result of results) expect(await result.document()).toBeUndefined();
  });

  it("gives a rejected task back to the queue when asked to", async () => {
    const app = testApp();
    let runs = 0;
    const stubborn = app.task("stubborn", () => {
      runs += 1;
      if (runs < 3) throw new Reject("again", { requeue: true });
      return runs;
    });
    await testWorker(app);
    expect(await stubborn.call([], { timeoutMs: 5000 })).toBe(3);
  });

  it("turns a result that cannot be written into a failure, and harms no other", async () => {
    const app = testApp();
    const odd = app.task("odd", () => () => 1);
    const even = app.task("even", () => 2);
    await testWorker(app);
    const [bad, good] = await Promise.all([odd.delay(), even.delay()]);
    await expect(bad.get({ timeoutMs: 5000 })).rejects.toMatchObject({
      code: "task_failed",
      type: "EncodeError",
    });
    expect(await good.get({ timeoutMs: 5000 })).toBe(2);
  });

  it("warm shutdown finishes what runs and gives back what waits", async () => {
    const app = testApp();
    const done: number[] = [];
    const wait = app.task("wait", async (n: number) => {
      await sleep(100);
      done.push(n);
    });
    const worker = await testWorker(app, { concurrency: 2 });
    for (let n = 0; n < 10; n += 1) await wait.delay(n);
    await expect.poll(() => worker.jobs.active.length).toBe(2);
    await worker.stop();
    expect(done).toHaveLength(2);
    expect(await (await app.connection()).queueSize("celery")).toBe(8);
    await testWorker(app, { concurrency: 10 });
    await expect.poll(() => done.length, { timeout: 5000 }).toBe(10);
    expect(new Set(done).size).toBe(10);
  });

  it("stops while it waits for a broker that is away", async () => {
    const app = testApp({ brokerUrl: "redis://127.0.0.1:1/0" });
    const worker = createWorker({ app });
    const starting = worker.start();
    await Promise.all([
      expect(starting).rejects.toMatchObject({ code: "broker_unavailable" }),
      worker.stop(),
    ]);
  });

  it("cold shutdown aborts what runs", async () => {
    const app = testApp();
    let reason: unknown;
    const endless = app.task("endless", { bind: true }, async (self) => {
      await sleep(60_000, undefined, { signal: self.signal }).catch(() => {
        reason = self.signal.reason;
      });
    });
    const worker = await testWorker(app);
    await endless.delay();
    await expect.poll(() => worker.jobs.active.length).toBe(1);
    await worker.stop(AbortSignal.abort());
    await expect.poll(() => reason).toBeInstanceOf(Error);
  });
});

describe("refused messages", () => {
  const id = "11111111-2222-3333-4444-555555555555";
  const v2 = { lang: "py", task: "add", id, retries: 0, timelimit: [null, null] };
  const deep = `[[${"[".repeat(500)}${"]".repeat(500)}], {}, {}]`;

  it.each<[string, Parameters<typeof publishRaw>[2], string, boolean]>([
    ["an unknown task", { headers: { ...v2, task: "nobody.knows" } }, "not_registered", true],
    ["a body that is not JSON", { headers: v2, body: Buffer.from("{nope") }, "bad_body", true],
    ["an empty body", { headers: v2, body: Buffer.from("") }, "bad_body", true],
    ["a body of two elements", { headers: v2, body: Buffer.from("[[], {}]") }, "bad_body", true],
    ["args that are a string", { headers: v2, body: Buffer.from('["abc", {}, {}]') }, "bad_body", true],
    ["kwargs that are null", { headers: v2, body: Buffer.from("[[], null, {}]") }, "bad_body", true],
    ["a body nested too deep", { headers: v2, body: Buffer.from(deep) }, "too_deep", true],
    [
      "a content type that is not accepted",
      { headers: v2, contentType: "application/x-yaml" },
      "content_refused",
      true,
    ],
    ["an unknown content type", { headers: v2, contentType: "application/x-nope" }, "content_refused", true],
    [
      "an unknown compression",
      { headers: { ...v2, compression: "application/x-nope" } },
      "bad_compression",
      true,
    ],
    [
      "corrupt compression",
      { headers: { ...v2, compression: "application/x-gzip" } },
      "bad_compression",
      true,
    ],
    ["no id", { headers: { task: "add" } }, "bad_header", false],
    ["an id that is a number", { headers: { ...v2, id: 5 } }, "bad_header", false],
    ["an id of 64 KiB", { headers: { ...v2, id: "x".repeat(65_536) } }, "bad_header", false],
    ["retries that are text", { headers: { ...v2, retries: "many" } }, "bad_header", true],
    ["a time limit of three", { headers: { ...v2, timelimit: [1, 2, 3] } }, "bad_header", true],
    ["an eta that is a number", { headers: { ...v2, eta: 1_700_000_000 } }, "bad_eta", true],
    ["an eta that is no time", { headers: { ...v2, eta: "next tuesday" } }, "bad_eta", true],
    [
      "an unknown __type__",
      { headers: v2, body: Buffer.from('[[{"__type__":"nope","__value__":1}],{},{}]') },
      "bad_body",
      true,
    ],
    ["neither a header nor a body with a task", { headers: {}, body: Buffer.from("{}") }, "bad_body", false],
    [
      "a link to a group without members",
      {
        headers: v2,
        body: Buffer.from('[[],{},{"callbacks":[{"task":"celery.group","subtask_type":"group"}]}]'),
      },
      "bad_body",
      true,
    ],
  ])("%s becomes a dead letter and a failure; the next task runs", async (_what, message, code, hasId) => {
    const app = testApp();
    const add = app.task("add", (x: number, y: number): number => x + y);
    const worker = await testWorker(app);
    await publishRaw(app, "celery", message);
    expect(await add.call([2, 3], { timeoutMs: 5000 })).toBe(5);

    const [dead] = await takeMessages(app, "celery.dead", 1);
    expect(dead?.message?.headers).toMatchObject({ "x-celerity-reason": code, "x-celerity-queue": "celery" });
    expect(Buffer.from(dead?.message?.body ?? [])).toEqual(Buffer.from(message.body ?? "[[], {}, {}]"));
    expect(dead?.message?.headers).toMatchObject(message.headers ?? {});

    const stored = await app.result(id).document();
    expect(stored?.status).toBe(hasId ? "FAILURE" : undefined);
    if (stored !== undefined) expect(exceptionOf(stored)?.exc_message).toHaveLength(1);
    await worker.stop();
    expect(await (await app.connection()).queueSize("celery")).toBe(0);
  });
});
