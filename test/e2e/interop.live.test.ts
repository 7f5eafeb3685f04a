/** Python producers with TypeScript workers and the reverse: every broker, result store and Celery version together. */
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import type { TaskError } from "../../app/index.ts";
import { Decimal, type PlainObject, type Signature, signature } from "../../protocol/index.ts";
import { pythonVersions, startPythonClient } from "../helpers/python.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { backends, brokers } from "./places.ts";
import { createTestApp, type Sides, type SidesOptions, startSides, startWorker, type Way } from "./sides.ts";
import { described, TYPED } from "./typed-values.ts";

const combinations: readonly SidesOptions[] = [
  { broker: "RabbitMQ", backend: "rpc", version: "latest" },
  { broker: "RabbitMQ", backend: "PostgreSQL", version: "latest" },
  { broker: "Redis", backend: "Redis", version: "latest" },
  { broker: "SQLite", backend: "SQLite", version: "latest" },
  { broker: "RabbitMQ", backend: "rpc", version: "5.2" },
  { broker: "Redis", backend: "Redis", version: "5.2" },
  { broker: "SQLite", backend: "Redis", version: "5.2" },
];
const installed = pythonVersions();

/** Whoever calls, and whoever runs. */
const ways = ["Python to TypeScript", "TypeScript to Python"] as const;

/** What every serializer keeps: nesting, empty things, numbers of both kinds, text beyond the Basic Multilingual Plane. */
const PLAIN = [
  0,
  -1,
  2 ** 53 - 1,
  1.5,
  1e300,
  true,
  null,
  "",
  "é ☃ 😀 \u2028",
  [],
  {},
  { "ключ 😀": [[{ a: [] }]] },
];

/** An aware datetime as Python source, of milliseconds since 1970. */
function pythonTime(atMs: number): string {
  return `datetime.datetime.fromtimestamp(${atMs} / 1000, datetime.timezone.utc)`;
}

const usable = combinations
  .filter(({ version }) => installed.includes(version))
  .map(
    (one) => [`${one.broker} with results in ${one.backend} and Python Celery ${one.version}`, one] as const,
  );
describe.each(usable)("%s", (_name, combination) => {
  let sides: Sides;
  beforeAll(async () => {
    sides = await startSides(combination);
    return () => sides.close();
  });

  describe.each(ways)("%s", (name) => {
    const way = (): Way => (name === "Python to TypeScript" ? sides.toTypeScript : sides.toPython);
    const isPython = name === "TypeScript to Python";

    test("passes arguments, keyword arguments and the result", async () => {
      expect(await way().call("examples.add", [2, 3])).toBe(5);
      expect(await way().call("echo", [PLAIN], { kwargs: { key: PLAIN } })).toEqual([
        [PLAIN],
        { key: PLAIN },
      ]);
    });

    test.each(["json", "yaml", "msgpack", "pickle"])("reads %s, plain and compressed", async (serializer) => {
      for (const compression of [undefined, "zlib"]) {
        const options = { serializer, ...(compression === undefined ? {} : { compression }) };
        expect(await way().call("echo", [PLAIN], options)).toEqual([[PLAIN], {}]);
      }
    });

    test("tells a failure with its type, module, arguments and traceback", async () => {
      if (isPython) {
        const id = await way().send("fail", ["ValueError", "bad", 42]);
        const error = (await way().failure(id)) as TaskError;
        expect(error).toMatchObject({ type: "ValueError", module: "builtins", args: ["bad", 42] });
        expect(error.remoteTraceback).toMatch(
          /^Traceback \(most recent call last\):[\s\S]*ValueError: \('bad', 42\)\s*$/,
        );
        const own = (await way().failure(await way().send("fail", ["CustomError", "own"]))) as TaskError;
        expect(own).toMatchObject({ type: "CustomError", module: "tasks_app", args: ["own"] });
      } else {
        const code = "app.send_task('ts.fail', ['too far'], queue='ts')";
        const facts = "r.get(propagate=False), r.state, type(r.result).__name__, r.result.args, r.traceback";
        const seen = await sides.python.evaluate(`(lambda r: [${facts}])(${code})`);
        const traceback = expect.stringMatching(/^RangeError: too far\n\s+at /);
        expect(seen).toEqual([expect.anything(), "FAILURE", "RangeError", ["too far"], traceback]);
      }
    });

    test("retries", async () => {
      expect(await way().call("retry", [2])).toBe(2);
    });

    test("keeps a countdown and an eta", async () => {
      const sentMs = Date.now();
      const ranMs = await Promise.all([
        way().call("when", [], { countdown: 0.5 }),
        isPython
          ? way().call("when", [], { eta: new Date(sentMs + 500) })
          : sides.python.evaluate(
              `app.send_task('ts.when', eta=${pythonTime(sentMs + 500)}, queue='ts').get(timeout=20)`,
            ),
      ]);
      expect(Math.min(...ranMs.map(Number))).toBeGreaterThanOrEqual(sentMs + 500);
    });

    test("revokes what has expired", async () => {
      const id = await way().send("echo", [], { countdown: 0.4, expires: 0.2 });
      expect(await way().failure(id)).toMatchObject({
        type: "TaskRevokedError",
        message: expect.stringContaining("expired"),
      });
      expect(await way().state(id)).toBe("REVOKED");
    });

    test("fails a task that the worker does not know", async () => {
      const id = await way().send("nobody.knows");
      const error = await way().failure(id);
      expect(error).toMatchObject({ type: "NotRegistered", module: "celery.exceptions" });
      expect(error.message).toContain("nobody.knows");
    });

    test("carries headers and the family of a task", async () => {
      const own = { deep: [1, "é"], none: null };
      expect(await way().call("header", ["own"], { headers: { own } })).toEqual(own);
      const id = await way().send("meta");
      expect(await way().get(id)).toMatchObject({ id, root_id: id, parent_id: null, retries: 0 });
      const [rootId, parentId] = [randomUUID(), randomUUID()];
      expect(await way().call("meta", [], { rootId, parentId })).toMatchObject({
        root_id: rootId,
        parent_id: parentId,
      });
    });

    test("shows STARTED and a state of the task's own while it runs", async () => {
      const folder = await temporaryFolder();
      if (!isPython && combination.backend === "rpc") {
        // Python hears of rpc states only while it waits for the result.
        await Promise.all([writeFile(`${folder}/1`, ""), writeFile(`${folder}/2`, "")]);
        const get = "get(timeout=20, on_message=lambda message: states.append(message['status']))";
        const code = `(lambda states: [app.send_task('ts.gate', ['${folder}'], queue='ts').${get}, states])([])`;
        expect(await sides.python.evaluate(code)).toEqual(["open", ["STARTED", "PROGRESS", "SUCCESS"]]);
        return;
      }
      const id = await way().send("gate", [folder]);
      await expect.poll(() => way().state(id), { timeout: 20_000 }).toBe("STARTED");
      await writeFile(`${folder}/1`, "");
      await expect.poll(() => way().state(id), { timeout: 20_000 }).toBe("PROGRESS");
      const meta = isPython
        ? (await sides.app.result(id).document())?.result
        : await sides.python.evaluate(`app.AsyncResult('${id}').info`);
      expect(meta).toEqual({ done: 1, total: 2 });
      await writeFile(`${folder}/2`, "");
      expect(await way().get(id)).toBe("open");
    });

    test("stores nothing of a task whose result is ignored", async () => {
      // The link runs on the caller's own worker, after the task.
      const { id: linkId, link } = await linkTo("examples.add", [2], isPython);
      const id = await way().send("examples.add", [1, 2], { link, ignoreResult: true });
      expect(await way().get(linkId)).toBe(5);
      // Celery 5.2 notes the start all the same.
      const keepsStart = isPython && combination.version === "5.2";
      expect(await way().state(id)).toBe(keepsStart ? "STARTED" : "PENDING");
    });

    test("calls the link with the result", async () => {
      const { id: linkId, link } = await linkTo("examples.add", [2], isPython);
      const id = await way().send("examples.add", [1, 2], { link });
      expect(await way().get(linkId)).toBe(5);
      expect(await way().get(id)).toBe(3);
    });

    test("calls the error link with the id of the task that failed", async () => {
      const { id: linkId, link } = await linkTo(isPython ? "ts.echo" : "py.echo", [], isPython);
      const id = await way().send("fail", isPython ? ["ValueError"] : ["bad"], { linkError: link });
      expect(await way().get(linkId)).toEqual([[id], {}]);
    });
  });

  test("serves a chain built in Python on both workers in turn", async () => {
    const add = (n: number, queue: string): string =>
      `app.signature('examples.add', (${n},)).set(queue='${queue}')`;
    const meta = (side: string): string => `app.signature('${side}.meta').set(queue='${side}')`;
    const first = "app.signature('examples.add', (1, 2)).set(queue='ts')";
    const sum = await sides.python.evaluate(
      `chain(${first}, ${add(3, "py")}, ${add(4, "ts")}, ${add(5, "py")})()`,
    );
    expect(await sides.python.get(String(sum))).toBe(15);
    for (const side of ["ts", "py"]) {
      const last = String(await sides.python.evaluate(`chain(${first}, ${meta(side)}).apply_async()`));
      const seen = (await sides.python.get(last)) as { root_id: string; parent_id: string };
      expect(seen.parent_id).toBe(seen.root_id);
      expect(seen.root_id).not.toBe(last);
    }
  });

  test("serves a group built in Python on both workers", async () => {
    const add = (n: number): string =>
      `app.signature('examples.add', (${n}, 1)).set(queue='${n % 2 === 0 ? "ts" : "py"}')`;
    const id = await sides.python.evaluate(`group([${[0, 1, 2, 3].map(add).join(", ")}])()`);
    expect(await sides.python.get(String(id))).toEqual([1, 2, 3, 4]);
  });

  test("serves a chain built in TypeScript on both workers in turn", async () => {
    const taskId = randomUUID();
    const options = (queue: string): PlainObject => ({ queue, reply_to: sides.app.replyTo });
    // The next task is the last of the list.
    const chain = [
      signature("examples.add", [5], {}, { ...options("ts"), task_id: taskId }),
      signature("examples.add", [4], {}, options("py")),
      signature("examples.add", [3], {}, options("ts")),
    ];
    await sides.app.sendTask("examples.add", { args: [1, 2], queue: "py", chain });
    expect(await sides.toPython.get(taskId)).toBe(15);
  });

  if (combination.version === "latest")
    test("keeps Python's types through both sides", async () => {
      const values = TYPED.map(([python]) => python).join(", ");
      const echo = "app.send_task('ts.echo', values, queue='ts').get(timeout=20)[0]";
      const [echoed, sent] = (await sides.python.evaluate(
        `(lambda values: [list(map(repr, ${echo})), list(map(repr, values))])([${values}])`,
      )) as [string[], string[]];
      expect(echoed).toEqual(sent);
      // The one thing that JavaScript cannot tell apart.
      const whole = "app.send_task('ts.echo', [2.0], queue='ts').get(timeout=20)[0]";
      expect(await sides.python.evaluate(`repr(${whole})`)).toBe("[2]");

      const twins = TYPED.map(([, , twin]) => twin);
      const [types] = (await sides.toPython.call("types", twins)) as [string[]];
      expect(types).toEqual(TYPED.map(([, type]) => type));
      const [back] = (await sides.toPython.call("echo", twins)) as [unknown[]];
      expect(back.map(described)).toEqual(twins.map(described));
    });

  if (combination.version === "5.2")
    test("has no types beyond JSON with kombu 5.2", async () => {
      const values = "datetime.datetime(2024, 2, 29, 12, 0, 1), decimal.Decimal('1.10')";
      const [echo] = (await sides.python.get(
        String(await sides.python.evaluate(`app.send_task('ts.echo', [${values}], queue='ts')`)),
      )) as [unknown[]];
      expect(echo).toEqual(["2024-02-29T12:00:01", "1.10"]);
      // It takes our envelopes for dicts.
      const [types] = (await sides.toPython.call("types", [new Decimal("1.10")])) as [unknown[]];
      expect(types).toEqual([["dict", { "str __type__": "str", "str __value__": "str" }]]);
    });

  test("understands messages of protocol 1", async () => {
    const conf = { task_protocol: 1, task_queue_max_priority: 10 };
    const { version } = combination;
    const python = startPythonClient({ version, broker: sides.brokerUrl, backend: sides.backendUrl, conf });
    const id = await python.send("ts.echo", [1], { key: "é" }, { queue: "ts" });
    expect(await python.get(id)).toEqual([[1], { key: "é" }]);
    const { settings } = sides.app;
    const old = createTestApp({
      brokerUrl: settings.brokerUrl,
      resultBackend: settings.resultBackend,
      taskProtocol: 1,
    });
    expect(
      await old.call("py.echo", { args: [1], kwargs: { key: "é" }, queue: "py", timeoutMs: 20_000 }),
    ).toEqual([[1], { key: "é" }]);
  });

  test("serves priorities in the broker's order, on both workers", async () => {
    const given = [3, 0, 9, 6];
    const served = { RabbitMQ: [9, 6, 3, 0], Redis: [0, 3, 6, 9], SQLite: given }[combination.broker];
    // Sent before anybody listens to the queue.
    for (const priority of given) {
      await sides.toTypeScript.send("urgent", [priority], { queue: "ts-urgent", priority });
    }
    const ids = new Map<string, number>();
    for (const priority of given) {
      ids.set(await sides.toPython.send("echo", [], { queue: "py-urgent", priority }), priority);
    }

    const app = createTestApp({ brokerUrl: sides.brokerUrl });
    const order: number[] = [];
    app.task("ts.urgent", (priority: number) => void order.push(priority));
    await startWorker(app, ["ts-urgent"]);
    await expect.poll(() => order, { timeout: 20_000 }).toEqual(served);

    if (combination.broker === "SQLite") return; // A running Python worker cannot be told of a queue there.
    // The TypeScript workers understand this too, and must not take the queue.
    const destination = JSON.stringify([sides.pythonWorker.name]);
    await sides.python.evaluate(
      `app.control.add_consumer('py-urgent', reply=True, destination=${destination})`,
    );
    const received = (): (number | undefined)[] =>
      [...sides.pythonWorker.output().matchAll(/Task py.echo\[([-\w]+)\] received/g)]
        .map(([, id = ""]) => ids.get(id))
        .filter((priority) => priority !== undefined);
    await expect.poll(received, { timeout: 20_000 }).toEqual(served);
  });
  /** A link to a task on the other worker, whose result the caller can read. */
  async function linkTo(
    task: string,
    args: readonly unknown[],
    isPython: boolean,
  ): Promise<{ id: string; link: Signature }> {
    const id = randomUUID();
    const replyTo = isPython ? sides.app.replyTo : String(await sides.python.evaluate("app.thread_oid"));
    const options = { task_id: id, queue: isPython ? "ts" : "py", reply_to: replyTo };
    return { id, link: signature(task, args, {}, options) };
  }
});

const withSerializer = installed.flatMap((version) =>
  ["yaml", "msgpack", "pickle"].map((serializer) => [version, serializer] as const),
);
describe.each(withSerializer)(
  "Python Celery %s with tasks and results in compressed %s",
  (version, serializer) => {
    test("is understood both ways", async () => {
      const both = { broker: "Redis", backend: "Redis", compression: "zlib" } as const;
      const sides = await startSides({ ...both, version, serializer });
      for (const way of [sides.toTypeScript, sides.toPython]) {
        expect(await way.call("echo", [PLAIN], { kwargs: { key: PLAIN } })).toEqual([
          [PLAIN],
          { key: PLAIN },
        ]);
      }
      // A pickle has the exception itself, of a class that is not known here.
      const id = await sides.toPython.send("fail", ["CustomError", "own"]);
      const error = (await sides.toPython.failure(id)) as TaskError;
      expect(error).toMatchObject({ type: "CustomError", module: "tasks_app", args: ["own"] });
      const sent = "app.send_task('ts.fail', ['too far'], queue='ts').get(propagate=False, timeout=20)";
      expect(await sides.python.evaluate(`repr(${sent})`)).toBe("RangeError('too far')");
    });
  },
);

if (installed.includes("5.2"))
  describe("results of Python Celery 5.2 in a database", () => {
    test("are pickles, which TypeScript reads where they are accepted; and it cannot read others", async () => {
      const [broker, backend] = [await brokers.Redis(), await backends.SQLite()];
      const python = startPythonClient({ version: "5.2", broker, backend });
      const app = createTestApp({ brokerUrl: broker, resultBackend: backend });
      await startWorker(app, ["ts"]);

      const old = randomUUID();
      await python.evaluate(`app.backend.store_result('${old}', {'a': 1}, 'SUCCESS')`);
      expect(await app.result(old).get({ timeoutMs: 20_000 })).toEqual({ a: 1 });
      const careful = createTestApp({ brokerUrl: broker, resultBackend: backend, acceptContent: ["json"] });
      await expect(careful.result(old).get({ timeoutMs: 20_000 })).rejects.toMatchObject({
        code: "bad_result",
        message: expect.stringContaining("it is a pickle, as Celery up to 5.6 writes"),
      });

      const id = await python.send("ts.echo", [], {}, { queue: "ts" });
      expect(await app.result(id).get({ timeoutMs: 20_000 })).toEqual([[], {}]);
      await expect(python.get(id)).rejects.toMatchObject({ type: "UnpicklingError" });
    });
  });

test("the documentation lists what is tried", async () => {
  const page = await readFile(new URL("../../docs/interoperability.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| (\w+) \| (\w+) \| (5\.\d) \| yes \| yes \|$/gm)];
  const listed = rows.map(([, broker, backend, version]) => ({ broker, backend, version }));
  const tried = combinations.map((one) => ({ ...one, version: one.version.replace("latest", "5.7") }));
  expect(listed).toEqual(tried);
});
