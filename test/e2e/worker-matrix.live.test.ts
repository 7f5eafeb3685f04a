/**
 * What a TypeScript worker does with the tasks of Python producers: every broker and every pool, a real worker of the
 * command line in each cell. SQLite has no remote control, in Celery neither: what needs it is left out there.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { type Cell, type Place, POLL, startCell, startPlace } from "./matrix-cell.ts";
import { brokerNames, pythonTasks } from "./places.ts";

interface PoolFacts {
  readonly args: readonly string[];
  /** Tasks at once. */
  readonly slots: number;
  /**
   * A task that the pool ends by force. Nothing can do so to a function in the worker's own event loop (async, solo):
   * such a task is asked to stop, and its caller learns of the end at once.
   */
  readonly endless: "m.deaf" | "m.patient";
  /** A task that ends its process or thread; undefined where that is the worker itself (crash.live.test.ts). */
  readonly deadly?: "m.die" | "m.exit";
  /** Replaces what runs its tasks after so many of them; nothing can be replaced in the worker's own loop. */
  readonly wearsOut: boolean;
}

/** Tasks after which a child is replaced. */
const MAX_TASKS = 10;
const WORN_OUT = ["--max-tasks-per-child", String(MAX_TASKS)];

const POOLS: Readonly<Record<"prefork" | "threads" | "solo" | "async", PoolFacts>> = {
  prefork: { args: ["-c", "2", ...WORN_OUT], slots: 2, endless: "m.deaf", deadly: "m.die", wearsOut: true },
  threads: { args: ["-c", "2", ...WORN_OUT], slots: 2, endless: "m.deaf", deadly: "m.exit", wearsOut: true },
  solo: { args: WORN_OUT, slots: 1, endless: "m.patient", wearsOut: false },
  async: { args: ["-c", "2", ...WORN_OUT], slots: 2, endless: "m.patient", wearsOut: false },
};
type PoolName = keyof typeof POOLS;
const poolNames = Object.keys(POOLS) as PoolName[];

/** Every broker with Celery's newest release and all pools; Debian's Celery 5.2 with the default pool. */
const places = brokerNames.flatMap((broker) =>
  pythonVersions().map((version) => ({
    broker,
    version,
    pools: version === "latest" ? poolNames : (["prefork"] as const),
  })),
);

describe.each(places)("$broker, Python Celery $version", ({ broker, version, pools }) => {
  let place: Place;
  beforeAll(async () => {
    place = await startPlace(broker, version);
    const { broker: url, backend } = place;
    const env = { ...pythonTasks.env };
    await startPythonWorker({
      version: "latest",
      broker: url,
      backend,
      env,
      app: "matrix_tasks",
      args: ["-Q", "py", "-P", "solo"],
    });
  });

  describe.each(pools)("%s", (pool) => {
    const facts: PoolFacts = POOLS[pool];
    const hasControl = broker !== "SQLite";
    const hasStamps = version !== "5.2";
    let cell: Cell;
    beforeAll(async () => {
      cell = await startCell(place, ["-P", pool, "--without-mingle", ...facts.args]);
    });
    afterAll(async () => {
      expect(await cell?.stop()).toBe(0);
    });

    test("tells the result", async () => {
      expect(await cell.call("m.add", [2, 3])).toBe(5);
    });

    test("tells a failure with its traceback", async () => {
      const id = await cell.send("m.fail", ["too far"]);
      expect(await cell.failure(id)).toMatchObject({ type: "RangeError", message: "too far" });
      expect(await cell.python.state(id)).toBe("FAILURE");
      const traceback = await cell.python.evaluate(`app.AsyncResult('${id}').traceback`);
      expect(traceback).toMatch(/^RangeError: too far\n\s+at .*matrix-app\.js/);
    });

    test("retries", async () => {
      expect(await cell.call("m.retry")).toBe(2);
      expect(await cell.call("m.autoretry")).toBe(2);
      const exhausted = await cell.failure(await cell.send("m.exhausted"));
      expect(exhausted).toMatchObject({ type: "RangeError", message: "still too far" });
    });

    test("asks a task to stop at its soft limit", async () => {
      const id = await cell.send("m.patient", [cell.folder, "soft"], { soft_time_limit: 0.3 });
      expect(await cell.failure(id)).toMatchObject({
        type: "SoftTimeLimitExceeded",
        module: "billiard.exceptions",
      });
    });

    test("ends a task at its hard limit", async () => {
      const id = await cell.send(facts.endless, [cell.folder, "hard"], { time_limit: 0.5 });
      expect(await cell.failure(id)).toMatchObject({
        type: "TimeLimitExceeded",
        module: "billiard.exceptions",
      });
      expect(await cell.call("m.add", [1, 1])).toBe(2);
    });

    test("tells STARTED, progress and the end", async () => {
      const id = await cell.send("m.gate", [cell.folder, "progress"]);
      const seen = (): Promise<unknown> =>
        cell.python.evaluate(`(lambda r: [r.state, r.info])(app.AsyncResult('${id}'))`);
      await cell.untilStarted("progress");
      await expect.poll(seen, POLL).toEqual(["STARTED", { pid: expect.any(Number), hostname: cell.node }]);
      const [, { pid }] = (await seen()) as [string, { pid: number }];
      expect(pid === cell.worker.pid).toBe(pool !== "prefork");
      await cell.open("progress", 1);
      await expect.poll(seen, POLL).toEqual(["PROGRESS", { done: 1, total: 2 }]);
      await cell.open("progress", 2);
      expect(await cell.python.get(id)).toBe("open");
    });

    test("waits for a countdown and an ETA, and runs nothing that has expired", async () => {
      const sentMs = Date.now();
      const eta = new Date(sentMs + 600).toISOString();
      const ids = [await cell.send("m.when", [], { countdown: 0.6 }), await cell.send("m.when", [], { eta })];
      const expired = await cell.send("m.note", [cell.folder, "expired"], { countdown: 0.4, expires: 0.2 });
      for (const id of ids) expect(await cell.python.get(id)).toBeGreaterThanOrEqual(sentMs + 600);
      expect(await cell.failure(expired)).toMatchObject({ type: "TaskRevokedError", message: "expired" });
      expect(cell.starts("expired")).toBe(0);
    });

    test("ignores, rejects and gives back", async () => {
      const ignored = await cell.send("m.ignore", [cell.folder, "ignored"]);
      const rejected = await cell.failure(await cell.send("m.reject"));
      expect(rejected).toMatchObject({ type: "Reject", module: "celery.exceptions" });
      expect(await cell.call("m.requeue", [cell.folder, "requeued"])).toBe(true);
      expect(cell.starts("requeued")).toBe(2);
      expect(cell.starts("ignored")).toBe(1);
      expect(await cell.python.state(ignored)).toBe("PENDING");
    });

    test("tells a task of its call what a Python worker tells", async () => {
      const options = {
        root_id: "the-root",
        parent_id: "the-parent",
        group_id: "the-group",
        priority: 3,
        time_limit: 30,
        soft_time_limit: 20,
        retries: 1,
        countdown: 0.01,
        expires: 3600,
        headers: { tenant: "é", deep: { list: [1, null] } },
      };
      const kwargs = { key: "ключ" };
      const send = (task: string, queue: string): Promise<string> =>
        cell.python.send(task, [1, [2]], kwargs, { ...options, queue });
      const [here, there] = [await send("m.context", cell.queue), await send("py.context", "py")];
      const [ours, theirs] = [await cell.python.get(here, 40), await cell.python.get(there, 40)];
      expect(ours).toEqual(expectedContext(theirs, cell, here));
    });

    test.skipIf(!hasStamps)("keeps stamps, and tells a task of them", async () => {
      const stamped = (task: string, queue: string): Promise<unknown> =>
        cell.python.evaluate(
          `app.signature('${task}').stamp(customer='c1', batch=['b1', 'b2']).apply_async(queue='${queue}')`,
        );
      const [here, there] = [await stamped("m.context", cell.queue), await stamped("py.context", "py")].map(
        String,
      );
      const [ours, theirs] = [await cell.python.get(here ?? ""), await cell.python.get(there ?? "")];
      expect(sorted(ours)).toEqual(sorted(theirs));
      const again = await cell.python.get(String(await stamped("m.stamped", cell.queue)));
      expect(again).toEqual([
        expect.arrayContaining(["customer", "batch"]),
        { customer: "c1", batch: ["b1", "b2"] },
      ]);
    });

    test.skipIf(!hasControl)("takes a rate limit at once", async () => {
      const limit = (rate: string): Promise<unknown> =>
        cell.python.control("rate_limit", ["m.when", rate], { reply: true, destination: [cell.node] });
      expect(await limit("5/s")).toEqual([{ [cell.node]: { ok: "new rate limit set successfully" } }]);
      const sentMs = Date.now();
      const ids = [];
      for (let at = 0; at < 4; at += 1) ids.push(await cell.send("m.when"));
      const times = [];
      for (const id of ids) times.push(Number(await cell.python.get(id, 40)));
      expect(Math.max(...times)).toBeGreaterThanOrEqual(sentMs + 3 * 200);
      expect(await limit("0")).toEqual([{ [cell.node]: { ok: "rate limit disabled successfully" } }]);
      expect(await cell.call("m.when")).toBeTypeOf("number");
    });

    test.skipIf(!hasControl)("runs nothing that was revoked before, by its id or a stamp", async () => {
      const gates = Array.from({ length: facts.slots }, (_, at) => `gate-${at}`);
      const running = [];
      for (const gate of gates) running.push(await cell.send("m.gate", [cell.folder, gate]));
      for (const gate of gates) await cell.untilStarted(gate);
      const byId = await cell.send("m.note", [cell.folder, "revoked"]);
      const revoke = { reply: true, destination: [cell.node] };
      expect(await cell.python.control("revoke", [byId], revoke)).toEqual([
        { [cell.node]: { ok: `tasks {'${byId}'} flagged as revoked` } },
      ]);
      const stamped = hasStamps ? await sendStamped(cell, "m.note", "stamped", "unwanted") : undefined;
      if (hasStamps) {
        await cell.python.control("revoke_by_stamped_headers", [{ tenant: ["unwanted"] }], revoke);
      }
      for (const gate of gates) await cell.open(gate, 1, 2);
      for (const id of running) expect(await cell.python.get(id, 40)).toBe("open");
      for (const id of stamped === undefined ? [byId] : [byId, stamped]) {
        expect(await cell.failure(id)).toMatchObject({ type: "TaskRevokedError", message: "revoked" });
      }
      expect(await cell.call("m.note", [cell.folder, "after"])).toBe(1);
      expect([cell.starts("revoked"), cell.starts("stamped")]).toEqual([0, 0]);
    });

    test.skipIf(!hasControl)("ends what is revoked while it runs", async () => {
      const terminate = { terminate: true, reply: true, destination: [cell.node] };
      const id = await cell.send(facts.endless, [cell.folder, "terminated"]);
      await cell.untilStarted("terminated");
      expect(await cell.python.control("revoke", [id], terminate)).toEqual([
        { [cell.node]: { ok: `terminate: ${id}` } },
      ]);
      expect(await cell.failure(id)).toMatchObject({ type: "TaskRevokedError", message: "terminated" });
      expect(await cell.python.state(id)).toBe("REVOKED");
      if (hasStamps) {
        const stamped = await sendStamped(cell, facts.endless, "by-stamp", "unwelcome");
        await cell.untilStarted("by-stamp");
        await cell.python.control("revoke_by_stamped_headers", [{ tenant: ["unwelcome"] }], terminate);
        expect(await cell.failure(stamped)).toMatchObject({ message: "terminated" });
      }
      expect(await cell.call("m.add", [1, 1])).toBe(2);
    });

    test.skipIf(!facts.wearsOut)("replaces a child that is worn out", async () => {
      const calls = 2 * MAX_TASKS + 2;
      const code = `[r.get(timeout=40) for r in [app.send_task('m.where', queue='${cell.queue}') for _ in range(${calls})]]`;
      const where = (await cell.python.evaluate(code)) as string[];
      expect(new Set(where).size).toBeGreaterThan(2);
    });

    test.skipIf(facts.deadly === undefined)(
      "gives up a task that three children did not survive",
      async () => {
        const id = await cell.send(facts.deadly ?? "", [cell.folder, "deadly"]);
        expect(await cell.failure(id)).toMatchObject({
          type: "WorkerLostError",
          module: "billiard.exceptions",
        });
        expect(cell.starts("deadly")).toBe(3);
        expect(await cell.call("m.add", [1, 1])).toBe(2);
      },
    );

    test("runs a task again whose worker was killed, once", async () => {
      const id = await cell.send("m.again", [cell.folder, "again"]);
      await cell.untilStarted("again");
      await cell.replace();
      expect(await cell.python.get(id, 40)).toBe("again");
      expect(await cell.call("m.add", [1, 1])).toBe(2);
      expect(cell.starts("again")).toBe(2);
    });
  });
});

interface Context {
  readonly id: string;
  readonly stamped_headers: readonly string[];
  readonly stamps: object;
  readonly delivery_info: object;
}

/** What a Python worker told of its call, with what differs between the two calls. */
function expectedContext(theirs: unknown, cell: Cell, id: string): unknown {
  const { delivery_info, ...context } = theirs as Context;
  return {
    ...context,
    id,
    correlation_id: id,
    task: "m.context",
    hostname: cell.node,
    eta: expect.any(Number),
    expires: expect.any(Number),
    delivery_info: { ...delivery_info, routing_key: cell.queue },
  };
}

function sorted(context: unknown): unknown {
  const { stamped_headers: names, stamps } = context as Context;
  return [[...names].sort(), stamps];
}

/** Sends a task of the folder with a stamp `tenant`. */
async function sendStamped(cell: Cell, task: string, name: string, tenant: string): Promise<string> {
  const args = `('${cell.folder}', '${name}')`;
  const code = `app.signature('${task}', ${args}).stamp(tenant='${tenant}').apply_async(queue='${cell.queue}')`;
  return String(await cell.python.evaluate(code));
}
