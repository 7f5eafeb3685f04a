/** Results of canvases that Celery composed and ran, read here; and groups saved by either side, restored by the other. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type AnyResult,
  type App,
  buildGraph,
  createApp,
  type GroupResult,
  type ResultGraph,
  type Settings,
} from "../../../app/index.ts";
import { fromResultTuple, toResultTuple } from "../../../protocol/index.ts";
import { cleanUp } from "../../../testing/clean-up.ts";
import { type BackendName, backends } from "../../e2e/places.ts";
import {
  type PythonClient,
  pythonVersions,
  startPythonClient,
  startPythonWorker,
} from "../../helpers/python.ts";
import { pythonFolder } from "../../helpers/python-environment.ts";
import { redisUrl } from "../../helpers/services.ts";

const WAIT = { timeoutMs: 20_000 };
const POLL = { timeout: 20_000 };
const TASKS = fileURLToPath(new URL("python", import.meta.url));

function openApp(settings: Partial<Settings>): App {
  const app = createApp({ env: {}, onWarning: () => undefined, ...settings });
  cleanUp(() => app.close());
  return app;
}

/** An expression for `task(*args)`. */
const task = (name: string, ...args: readonly unknown[]): string =>
  `signature(${JSON.stringify(name)}, args=tuple(${JSON.stringify(args)}))`;
const add = (...args: readonly number[]): string => task("examples.add", ...args);

/** Sends a canvas from Python; resolves to its result here, with its parents and members. */
async function send(app: App, python: PythonClient, canvas: string): Promise<AnyResult> {
  return app.resultFrom(fromResultTuple(await python.evaluate(`${canvas}.apply_async().as_tuple()`)));
}

/** A group that Python sends and saves; resolves to its id. */
async function sendAndSave(python: PythonClient, canvas: string): Promise<string> {
  return String(await python.evaluate(`(lambda r: (r.save(), r.id))(${canvas}.apply_async())[1]`));
}

/** Edges of a graph, with the tasks' states and arguments instead of ids. */
async function edges(app: App, graph: ResultGraph): Promise<string[]> {
  const names = new Map<string, string>();
  for (const { id, kind, name, state } of graph.nodes) {
    const { args } = await app.result(id).details();
    names.set(id, kind === "group" ? kind : `${name}(${args?.join()}) ${state}`);
  }
  return graph.edges.map(({ from, to, kind }) => `${names.get(from)} ${kind} ${names.get(to)}`).sort();
}

const available = pythonVersions();

describe.for<BackendName>(["Redis", "SQLite", "PostgreSQL"])(
  "canvases of Python with results in %s",
  (backend) => {
    let app: App;
    let python: PythonClient;

    beforeAll(async () => {
      const [broker, url] = await Promise.all([redisUrl(), backends[backend]()]);
      const both = {
        version: "latest",
        broker,
        backend: url,
        conf: { result_extended: true, task_track_started: true, result_chord_retry_interval: 0.2 },
      } as const;
      python = startPythonClient(both);
      await startPythonWorker({
        ...both,
        app: "results_tasks",
        env: { PYTHONPATH: `${pythonFolder}:${TASKS}` },
      });
      app = openApp({ brokerUrl: broker, resultBackend: url });
    });

    test("a chain gives its value, those of its steps, and their graph", async () => {
      const result = await send(app, python, `chain(${add(1, 2)}, ${add(10)}, ${add(100)})`);
      expect(await result.get(WAIT)).toBe(113);
      expect(await result.parent?.get(WAIT)).toBe(13);
      expect(await result.parent?.parent?.get(WAIT)).toBe(3);
      expect(result.parent?.parent?.parent).toBeUndefined();
      const details = await app.result(result.id).details();
      expect(details).toMatchObject({ state: "SUCCESS", name: "examples.add", args: [13, 100], retries: 0 });
      expect(details.worker).toMatch(/^py-/);
      expect(Math.abs(Date.now() - (details.dateDone?.getTime() ?? 0))).toBeLessThan(60_000);
      const expected = [
        "examples.add(1,2) SUCCESS child examples.add(3,10) SUCCESS",
        "examples.add(3,10) SUCCESS child examples.add(13,100) SUCCESS",
      ];
      const first = result.parent?.parent?.id ?? "";
      expect(await edges(app, await buildGraph(app, first))).toEqual(expected);
      if (backend !== "Redis") return;
      // The database has no column for a task's parent, so there the graph goes down only.
      expect(await edges(app, await buildGraph(app, result.id))).toEqual(expected);
    });

    test("a chain with a failed step throws that failure, with its traceback", async () => {
      const result = await send(app, python, `chain(${add(1, 2)}, ${task("examples.fail")}, ${add(100)})`);
      const failed = result.parent?.id;
      const waiting = result.get(WAIT);
      await expect(waiting).rejects.toMatchObject({ taskId: failed, type: "ValueError", args: [3] });
      await expect(waiting).rejects.toMatchObject({ remoteTraceback: expect.stringContaining("Traceback") });
      expect(await result.parent?.parent?.get(WAIT)).toBe(3);
      await expect.poll(() => app.result(result.id).state(), POLL).toBe("FAILURE");
    });

    test("a group that Python saved is restored, joined and told in the order of its ends", async () => {
      const canvas = `group(${add(1, 1)}, group(${add(2, 2)}, ${add(3, 3)}), ${add(4, 4)})`;
      const id = await sendAndSave(python, canvas);
      const group = (await app.restoreGroup<unknown>(id)) as GroupResult;
      expect(group.id).toBe(id);
      const values = await group.join(WAIT);
      // Celery makes one group of it, and turns the inner one round.
      expect([...values.flat()].sort()).toEqual([2, 4, 6, 8]);
      const seen: unknown[] = [];
      for await (const { index, value } of group.completed(WAIT)) seen[index] = value;
      expect(seen).toEqual(values);
      expect(await group.completedCount()).toBe(values.length);
      expect([await group.ready(), await group.successful(), await group.failed()]).toEqual([
        true,
        true,
        false,
      ]);
      expect(toResultTuple(group.toNode())).toEqual(
        await python.evaluate(`app.GroupResult.restore("${id}").as_tuple()`),
      );
    });

    test("a group that is saved here is restored and joined by Python", async () => {
      const members = await Promise.all([1, 2, 3].map((n) => python.send("examples.add", [n, n])));
      const id = randomUUID();
      const group = app.groupResult({ id, children: members.map((member) => ({ id: member })) });
      await group.save();
      expect(await python.evaluate(`app.GroupResult.restore("${id}").join(timeout=20)`)).toEqual([2, 4, 6]);
      await group.delete();
      // Python keeps what it has read.
      expect(await python.evaluate(`app.backend._restore_group("${id}")`)).toBeNull();
      await group.forget();
      expect(await group.ready()).toBe(false);
    });

    test("a chord gives its body's value, and its header as the parent", async () => {
      const result = await send(app, python, `chord([${add(1, 1)}, ${add(2, 2)}], ${task("py.echo")})`);
      expect(await result.get(WAIT)).toEqual([[[2, 4]], {}]);
      expect(await result.parent?.get(WAIT)).toEqual([2, 4]);
      const seen = await edges(app, await result.graph());
      expect(seen).toEqual(
        expect.arrayContaining([
          "group body py.echo(2,4) SUCCESS",
          "group member examples.add(1,1) SUCCESS",
          "group member examples.add(2,2) SUCCESS",
        ]),
      );
    });

    test("a chord with a failed member throws that member's failure", async () => {
      const header = `[${add(1, 1)}, ${task("examples.fail", "bad")}]`;
      const result = await send(app, python, `chord(${header}, ${task("py.echo")})`);
      await expect(result.get(WAIT)).rejects.toMatchObject({ type: "ValueError", args: ["bad"] });
      await expect.poll(() => app.result(result.id).state(), POLL).toBe("FAILURE");
      const alone = app.result(result.id).get(WAIT);
      await expect(alone).rejects.toMatchObject({ type: "ChordError" });
    });

    test("what a task sent is collected, groups too", async () => {
      const id = await python.send("py.spread", [3]);
      await app.result(id).get(WAIT);
      const values: unknown[] = [];
      for await (const { value } of app.result(id).collect(WAIT)) values.push(value);
      expect(values).toEqual([3, 101, [0, 2, 4], 0, 2, 4]);
      const seen = await edges(app, await app.result(id).graph());
      expect(seen).toEqual([
        "group member examples.add(0,0) SUCCESS",
        "group member examples.add(1,1) SUCCESS",
        "group member examples.add(2,2) SUCCESS",
        "py.spread(3) SUCCESS child examples.add(100,1) SUCCESS",
        "py.spread(3) SUCCESS child group",
      ]);
    });

    test("a running task is terminated, and its group says so", async () => {
      const id = await python.send("py.sleep", [60]);
      await expect.poll(() => app.result(id).state(), POLL).toBe("STARTED");
      const group = app.groupResult({ id: randomUUID(), children: [{ id }] });
      await group.revoke({ terminate: true, signal: "SIGKILL" });
      await expect(group.join(WAIT)).rejects.toMatchObject({ code: "task_revoked", taskId: id });
      expect([await group.ready(), await group.failed()]).toEqual([true, false]);
    });
  },
);

/** Saves a group by Python, without a worker; resolves to its tuple. */
function saveByPython(python: PythonClient, id: string): Promise<unknown> {
  const results = "[app.AsyncResult('a'), app.GroupResult('h', [app.AsyncResult('b')])]";
  return python.evaluate(
    `(lambda g: (g.save(), g.as_tuple()))(app.GroupResult(${JSON.stringify(id)}, ${results}))[1]`,
  );
}

const restoreByPython = (python: PythonClient, id: string): Promise<unknown> =>
  python.evaluate(`app.GroupResult.restore(${JSON.stringify(id)}).as_tuple()`);

describe.skipIf(available.length < 2)("groups saved by Celery 5.2", () => {
  test("in Redis are restored here, and ours there", async () => {
    const url = await redisUrl();
    const python = startPythonClient({ version: "5.2", broker: url, backend: url });
    const app = openApp({ brokerUrl: url, resultBackend: url });
    const saved = await saveByPython(python, "theirs");
    const group = await app.restoreGroup("theirs");
    expect(group && toResultTuple(group.toNode())).toEqual(saved);
    const ours = app.groupResult({ id: "ours", children: [{ id: "a", parent: { id: "z" } }] });
    await ours.save();
    expect(await restoreByPython(python, "ours")).toEqual(toResultTuple(ours.toNode()));
  });

  test("in a database are pickles: restored here where pickle is accepted", async () => {
    const backend = await backends.SQLite();
    const python = startPythonClient({ version: "5.2", broker: "memory://", backend });
    const saved = await saveByPython(python, "theirs");
    const strict = openApp({ brokerUrl: "memory://", resultBackend: backend });
    await expect(strict.restoreGroup("theirs")).rejects.toMatchObject({
      code: "bad_result",
      message: expect.stringContaining("resultAcceptContent"),
    });
    const app = openApp({
      brokerUrl: "memory://",
      resultBackend: backend,
      resultAcceptContent: ["json", "pickle"],
    });
    const group = await app.restoreGroup("theirs");
    expect(group && toResultTuple(group.toNode())).toEqual(saved);
  });
});

test("groups pickled by Celery 5.7 are restored here, and ours there", async () => {
  const backend = await backends.SQLite();
  const python = startPythonClient({
    version: "latest",
    broker: "memory://",
    backend,
    serializer: "pickle",
  });
  const settings = { resultSerializer: "pickle", resultAcceptContent: ["pickle"] };
  const app = openApp({ brokerUrl: "memory://", resultBackend: backend, ...settings });
  const saved = await saveByPython(python, "theirs");
  const group = await app.restoreGroup("theirs");
  expect(group && toResultTuple(group.toNode())).toEqual(saved);
  await app.groupResult(fromResultTuple(saved)).save();
  await app.groupResult({ id: "ours", children: [{ id: "a" }] }).save();
  expect(await restoreByPython(python, "theirs")).toEqual(saved);
  expect(await restoreByPython(python, "ours")).toEqual([["ours", null], [[["a", null], null]]]);
});

describe.for<BackendName>(["SQLite", "PostgreSQL"])("clean-up of groups in %s", (name) => {
  test("keeps those that are young in any time zone, and removes the old ones", async () => {
    const resultBackend = await backends[name]();
    const python = startPythonClient({ version: "latest", broker: "memory://", backend: resultBackend });
    const settings = { brokerUrl: "memory://", resultBackend, timezone: "Asia/Tokyo" };
    const app = openApp({ ...settings, resultExpires: 3600 });
    await saveByPython(python, "theirs");
    await app.groupResult({ id: "ours", children: [] }).save();
    expect(await app.cleanupResults()).toBe(0);
    const eager = openApp({ ...settings, resultExpires: 0.001 });
    await expect.poll(async () => (await eager.cleanupResults()) || 2, POLL).toBe(2);
    expect(await app.restoreGroup("ours")).toBeUndefined();
    expect(await app.restoreGroup("theirs")).toBeUndefined();
  });
});
