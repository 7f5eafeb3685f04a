/**
 * Remote control of TypeScript and Python workers side by side: Celery's clients ask both the same and get the same
 * answers, and `celerity inspect`, `control`, `status` and `purge` reach both.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { CONTROL, INSPECT } from "../../cli/remote-commands.ts";
import { isPlainObject } from "../../protocol/index.ts";
import { type PythonWorker, pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { startCelerity } from "./celerity.ts";
import { type Cell, type Place, POLL, startCell, startPlace } from "./matrix-cell.ts";
import { pythonTasks } from "./places.ts";

const BROKERS = ["RabbitMQ", "Redis"] as const;
const PY_QUEUE = "py";
/** Seconds that a slow machine may take to answer; nobody waits longer than the answers take. */
const ANSWERED_WITHIN = 30;

function startPython(place: Place, options: { readonly isSociable?: boolean } = {}): Promise<PythonWorker> {
  const { broker, backend } = place;
  const { env } = pythonTasks;
  const args = ["-Q", PY_QUEUE];
  return startPythonWorker({
    version: "latest",
    broker,
    backend,
    env,
    app: "matrix_tasks",
    args,
    ...options,
  });
}

/** A TypeScript worker of the command line; tasks with an ETA far away stay in it, as in a Python worker. */
function startTypeScript(place: Place, ...args: readonly string[]): Promise<Cell> {
  return startCell(place, ["-P", "prefork", "-c", "2", ...args], { CELERY_WORKER_ETA_PARK_AFTER: "86400" });
}

type Given = Readonly<Record<string, unknown>>;

interface Answers {
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** Facts that differ between two workers that do the same, as what kind of value they are. */
const DIFFERENT = new Set(["time_start", "worker_pid", "eta", "pid", "clock", "uptime", "utime", "stime"]);

/** A Python worker says that it is ready some moments before it listens. */
async function untilAllListen({ python }: Place, ...nodes: readonly string[]): Promise<void> {
  const askAll = async (): Promise<void> => {
    const answers = await python.inspect("ping", [], { destination: nodes, timeout: 2 });
    expect(Object.keys(answers ?? {}).sort()).toEqual([...nodes].sort());
  };
  await vi.waitFor(askAll, POLL);
}

/** An answer without the name of the worker and its queue. */
function anonymous(answer: unknown, node: string, queue: string): unknown {
  if (typeof answer === "string") return answer.replaceAll(node, "NODE").replaceAll(queue, "QUEUE");
  if (Array.isArray(answer)) return answer.map((item) => anonymous(item, node, queue));
  if (!isPlainObject(answer)) return answer;
  const entries = Object.entries(answer).map(([name, value]) => {
    const isKind = DIFFERENT.has(name) && value !== null;
    return [anonymous(name, node, queue), isKind ? typeof value : anonymous(value, node, queue)];
  });
  return Object.fromEntries(entries);
}

/** Keys and kinds of values, all the way down; of a list, its first item. */
function shapeOf(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.slice(0, 1).map(shapeOf);
  if (!isPlainObject(answer)) return answer === null ? "null" : typeof answer;
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, shapeOf(value)]));
}

const places = BROKERS.flatMap((broker) => pythonVersions().map((version) => ({ broker, version })));

describe.each(places)("Celery $version asks both on $broker:", ({ broker, version }) => {
  let cell: Cell;
  let other: PythonWorker;

  beforeAll(async () => {
    const place = await startPlace(broker, version);
    [cell, other] = await Promise.all([startTypeScript(place, "--without-mingle"), startPython(place)]);
    await untilAllListen(place, ...destination());
  });
  afterAll(() => cell?.stop());

  const destination = (): readonly string[] => [cell.node, other.name];

  function answersOf(replies: unknown): Answers {
    const byNode = Array.isArray(replies) ? Object.assign({}, ...replies) : (replies as Given);
    expect(Object.keys(byNode).sort()).toEqual([...destination()].sort());
    return {
      ours: anonymous(byNode[cell.node], cell.node, cell.queue),
      theirs: anonymous(byNode[other.name], other.name, PY_QUEUE),
    };
  }

  /** Asks again where somebody was late: a question changes nothing. */
  async function inspect(method: string, args: readonly unknown[] = []): Promise<Answers> {
    const options = { destination: destination(), timeout: ANSWERED_WITHIN / 3 };
    let replies: Given | null = null;
    const whoAnswers = async (): Promise<readonly string[]> => {
      replies = await cell.python.inspect(method, args, options);
      return Object.keys(replies ?? {}).sort();
    };
    await expect.poll(whoAnswers, POLL).toEqual([...destination()].sort());
    return answersOf(replies);
  }

  async function control(
    method: string,
    args: readonly unknown[] = [],
    options: Given = {},
  ): Promise<Answers> {
    const all = { reply: true, destination: destination(), timeout: ANSWERED_WITHIN, ...options };
    return answersOf(await cell.python.control(method, args, all));
  }

  /** For commands and arguments that Celery's clients have no method for. */
  function broadcast(method: string, given: Given = {}): Promise<Answers> {
    return control("broadcast", [method], { arguments: given });
  }

  /** The tasks that both have. */
  function own({ ours, theirs }: Answers): Answers {
    const both = (names: unknown): unknown =>
      (names as readonly string[]).filter((name) => name.startsWith("both."));
    return { ours: both(ours), theirs: both(theirs) };
  }

  async function expectSame(asked: Promise<Answers>): Promise<unknown> {
    const { ours, theirs } = await asked;
    expect(ours).toEqual(theirs);
    return ours;
  }

  test("whether they are there, and who they are", async () => {
    expect(await expectSame(inspect("ping"))).toEqual({ ok: "pong" });
    const ping = { destination: destination(), timeout: ANSWERED_WITHIN };
    expect(await expectSame(cell.python.control("ping", [], ping).then(answersOf))).toEqual({ ok: "pong" });
    const clock = await inspect("clock");
    expect(shapeOf(clock.ours)).toEqual(shapeOf(clock.theirs));
    const report = await inspect("report");
    expect([report.ours, report.theirs]).toEqual([
      { ok: expect.stringMatching(/^software -> celerity:/) },
      { ok: expect.stringMatching(/software -> celery:/) },
    ]);
    // Celery needs a package for each of these two, which few have.
    expect((await inspect("memsample")).ours).toMatch(/^\d+\.\d+MB$/);
    expect((await inspect("memdump")).ours).toMatch(/^- rss \(sample\):\n-\s+> \d+\.\d+MB,\n- rss \(end\): /);
    expect(await expectSame(broadcast("objgraph"))).toEqual({
      error: "ImportError('Requires the objgraph library')",
    });
  });

  test("for their settings, without secrets", async () => {
    const { ours, theirs } = await inspect("conf");
    const common = { broker_url: expect.any(String), result_backend: expect.any(String) };
    expect([ours, theirs]).toMatchObject([common, common]);
    expect(JSON.stringify(ours)).not.toContain("guest:guest");
    // Python's own answer has Infinity in it, which is no JSON.
    const options = { arguments: { with_defaults: true }, destination: [cell.node], reply: true };
    const all = await cell.python.control("broadcast", ["dump_conf"], {
      ...options,
      timeout: ANSWERED_WITHIN,
    });
    expect(all).toMatchObject([
      { [cell.node]: { ...common, task_default_queue: "celery", task_acks_late: true } },
    ]);
  });

  test("for their tasks and queues", async () => {
    const items = ["max_retries", "rate_limit", "no_such_attribute"];
    expect(await expectSame(inspect("registered").then(own))).toHaveLength(3);
    expect(await expectSame(inspect("registered", items).then(own))).toContain(
      "both.add [max_retries=5 rate_limit=600/m]",
    );
    await expectSame(broadcast("dump_tasks").then(own));
    expect(await expectSame(inspect("active_queues"))).toHaveLength(1);
  });

  test("for counters, pool, broker and resources", async () => {
    for (const queue of [cell.queue, PY_QUEUE]) {
      const id = await cell.python.send("both.add", [2, 3], {}, { queue });
      expect(await cell.python.get(id, ANSWERED_WITHIN)).toBe(5);
    }
    const { ours, theirs } = await inspect("stats");
    // How the parent writes to the pipes of its processes.
    const withoutWrites = ({ pool, ...stats }: Given): Given => ({
      ...stats,
      pool: { ...(pool as Given), writes: 0 },
    });
    expect(shapeOf(withoutWrites(ours as Given))).toEqual(shapeOf(withoutWrites(theirs as Given)));
    const { broker: seen, total, prefetch_count } = theirs as Given;
    expect(ours).toMatchObject({
      broker: seen,
      total,
      prefetch_count,
      pool: { "max-concurrency": 2, processes: [expect.any(Number), expect.any(Number)] },
    });
  });

  test("for what runs, waits and is scheduled", async () => {
    const gates = ["a", "b", "c"];
    for (const queue of [cell.queue, PY_QUEUE]) {
      const send = (task: string, name: string, options: Given = {}): Promise<string> =>
        cell.python.send(task, [cell.folder, name], {}, { queue, task_id: `the-${name}`, ...options });
      for (const gate of gates) await send("both.gate", gate);
      await send("both.note", "later", { countdown: 3600 });
    }
    const waiting = (): Promise<unknown> => inspect("scheduled").then(({ ours, theirs }) => [ours, theirs]);
    await expect.poll(waiting, POLL).toEqual([[expect.anything()], [expect.anything()]]);
    for (const gate of ["a", "b"]) await cell.untilStarted(gate, 2);
    const byId = ({ ours, theirs }: Answers): Answers => {
      const sorted = (jobs: unknown): unknown =>
        [...(jobs as { readonly id: string }[])].sort((one, next) => (one.id < next.id ? -1 : 1));
      return { ours: sorted(ours), theirs: sorted(theirs) };
    };
    expect(await expectSame(inspect("active").then(byId))).toHaveLength(2);
    expect(await expectSame(broadcast("active", { safe: true }).then(byId))).toMatchObject([
      { id: "the-a", args: `['${cell.folder}', 'a']`, kwargs: "{}" },
      { id: "the-b" },
    ]);
    expect(await expectSame(inspect("reserved"))).toMatchObject([{ id: "the-c", time_start: null }]);
    expect(await expectSame(inspect("scheduled"))).toMatchObject([
      { priority: 6, request: { id: "the-later" } },
    ]);
    for (const alias of ["dump_active", "dump_reserved", "dump_schedule"]) {
      const { ours } = await broadcast(alias);
      expect(ours).toHaveLength(alias === "dump_active" ? 2 : 1);
    }
    const ids = ["the-a", "the-c", "the-later", "nobody"];
    expect(await expectSame(inspect("query_task", ids))).toMatchObject({
      "the-a": ["active", { worker_pid: "number" }],
      "the-c": ["reserved", {}],
      "the-later": ["scheduled", {}],
    });
    await expectSame(broadcast("query_task", { ids: "the-a" }));
    for (const gate of gates) await cell.open(gate, 1);
    for (const gate of gates) await cell.untilStarted(gate, 2);
  });

  test("to revoke and to terminate", async () => {
    expect(await expectSame(control("revoke", ["x1"]))).toEqual({ ok: "tasks {'x1'} flagged as revoked" });
    expect(await expectSame(control("revoke", [["x2"]]))).toEqual({ ok: "tasks {'x2'} flagged as revoked" });
    expect(await expectSame(control("revoke", ["x2"], { terminate: true, signal: "KILL" }))).toEqual({
      ok: "terminate: tasks unknown",
    });
    expect(await expectSame(control("terminate", ["x3"], { signal: "SIGTERM" }))).toEqual({
      ok: "terminate: tasks unknown",
    });
    expect([...((await expectSame(sortedAnswers(inspect("revoked")))) as string[])]).toEqual([
      "x1",
      "x2",
      "x3",
    ]);
    const stamps = { headers: { tenant: ["t1", "t2"] } };
    expect(await expectSame(broadcast("revoke_by_stamped_headers", stamps))).toEqual({
      ok: "headers {'tenant': ['t1', 't2']} flagged as revoked, but not terminated",
    });
    await expectSame(broadcast("revoke_by_stamped_headers", { headers: ["tenant=t3", "kind=k1"] }));
    expect(await expectSame(broadcast("revoke_by_stamped_headers", { ...stamps, terminate: true }))).toEqual({
      ok: "headers {'tenant': ['t1', 't2']} were not terminated",
    });
    await expectSame(sortedAnswers(broadcast("dump_revoked")));
  });

  test("to change limits", async () => {
    const name = "both.add";
    for (const rate of ["5/s", "10/m", 10, 0, "", "x"]) {
      await expectSame(control("rate_limit", [name, rate]));
    }
    expect(await expectSame(broadcast("rate_limit", { task_name: name, rate_limit: null }))).toEqual({
      ok: "rate limit disabled successfully",
    });
    expect(await expectSame(control("rate_limit", ["no.such", "5/s"]))).toEqual({ error: "unknown task" });
    expect(await expectSame(control("time_limit", [name], { soft: 10, hard: 20 }))).toEqual({
      ok: "time limits set successfully",
    });
    await expectSame(control("rate_limit", [name, "7/m"]));
    const limits = ["rate_limit", "soft_time_limit", "time_limit"];
    expect(await expectSame(inspect("registered", limits).then(own))).toContain(
      "both.add [rate_limit=7/m soft_time_limit=10 time_limit=20]",
    );
    expect(await expectSame(control("time_limit", ["no.such"], { soft: 1 }))).toEqual({
      error: "unknown task",
    });
  });

  test("to send events or not", async () => {
    await control("enable_events");
    for (const words of [
      "enable already enabled",
      "disable disabled",
      "disable already disabled",
      "enable enabled",
    ]) {
      const [, method, answer] = /^(\w+) (.*)$/.exec(words) ?? [];
      expect(await expectSame(control(`${method}_events`))).toEqual({ ok: `task events ${answer}` });
    }
    expect(await expectSame(broadcast("heartbeat"))).toBeNull();
  });

  test("to change the pool", async () => {
    expect(await expectSame(control("pool_grow", [2]))).toEqual({ ok: "pool will grow" });
    await expect
      .poll(() => inspect("stats").then(({ ours }) => ours), POLL)
      .toMatchObject({
        pool: { "max-concurrency": 4, processes: [1, 2, 3, 4].map(() => expect.any(Number)) },
      });
    expect(await expectSame(control("pool_shrink", [2]))).toEqual({ ok: "pool will shrink" });
    await expect
      .poll(() => inspect("stats").then(({ ours }) => ours), POLL)
      .toMatchObject({ pool: { "max-concurrency": 2, processes: [expect.any(Number), expect.any(Number)] } });
    expect(await expectSame(control("autoscale", [4, 1]))).toEqual({
      error: "ValueError('Autoscale not enabled')",
    });
    expect(await expectSame(control("pool_restart"))).toEqual({
      error: "ValueError('Pool restarts not enabled')",
    });
  });

  test("to consume other queues", async () => {
    expect(await expectSame(control("add_consumer", ["more"]))).toEqual({ ok: "add consumer more" });
    const named = { exchange: "letters", exchange_type: "topic", routing_key: "a.#" };
    expect(await expectSame(control("add_consumer", ["bound"], named))).toEqual({ ok: "add consumer bound" });
    const queues = (): Promise<Answers> => sortedAnswers(inspect("active_queues"), "name");
    // A Python worker answers before it has done it.
    await expect.poll(async () => (await queues()).theirs, POLL).toHaveLength(3);
    expect(await expectSame(queues())).toMatchObject([
      { name: "QUEUE" },
      { name: "bound", exchange: { name: "letters", type: "topic" }, routing_key: "a.#" },
      { name: "more" },
    ]);
    for (const queue of ["more", "bound"]) {
      expect(await expectSame(control("cancel_consumer", [queue]))).toEqual({
        ok: `no longer consuming from ${queue}`,
      });
    }
    await expect.poll(async () => (await queues()).theirs, POLL).toHaveLength(1);
    expect(await expectSame(queues())).toHaveLength(1);
  });

  test("for what is revoked, when another worker starts", async () => {
    for (const revoked of [{ old: 1_700_000_000 }, ["new"]]) {
      const { ours, theirs } = await inspect("hello", ["somebody@else", revoked]);
      expect(shapeOf(ours)).toEqual(shapeOf(theirs));
    }
    const { ours } = await inspect("revoked");
    expect(ours).toEqual(expect.arrayContaining(["old", "new"]));
  });

  test("for commands of their own, and for one that neither has", async () => {
    expect(await expectSame(broadcast("both_multiply", { x: 21 }))).toEqual({ ok: "NODE: 42" });
    expect(await expectSame(broadcast("both_multiply", { x: "six" }))).toEqual({
      error: "TypeError('x is no number')",
    });
    expect(await expectSame(broadcast("no_such_command"))).toEqual({ error: "KeyError('no_such_command')" });
  });

  test("only those whose names fit", async () => {
    const pattern = { reply: true, destination: null, pattern: "ts-*", matcher: "glob", timeout: 1 };
    await expect
      .poll(() => cell.python.control("broadcast", ["ping"], pattern), POLL)
      .toEqual([{ [cell.node]: { ok: "pong" } }]);
  });

  test("to end", async () => {
    await cell.python.control("shutdown", [], { destination: destination() });
    expect(await cell.worker.ended()).toBe(0);
    await other.stop();
    expect(other.output()).toMatch(/Got shutdown from remote/);
  });
});

describe.each(BROKERS)("the command line on %s", (broker) => {
  let place: Place;
  let cell: Cell;
  let other: PythonWorker;

  beforeAll(async () => {
    place = await startPlace(broker, "latest");
    [cell, other] = await Promise.all([startTypeScript(place, "--without-mingle"), startPython(place)]);
    await untilAllListen(place, cell.node, other.name);
  });

  /** Runs a command to its end. */
  async function run(
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const program = await startCelerity(args, { CELERY_BROKER_URL: place.broker });
    const code = await program.ended();
    return { code, output: program.output() };
  }

  /** The answers to a command, by "ours" and "theirs". */
  async function ask(...args: readonly string[]): Promise<Answers> {
    const both = ["-d", `${cell.node},${other.name}`, "-t", String(ANSWERED_WITHIN)];
    const { code, output } = await run(...args, ...both, "--json");
    expect([code, output]).toEqual([0, expect.stringMatching(/^\{.*\}\n$/)]);
    const answers = JSON.parse(output) as Given;
    expect(Object.keys(answers).sort()).toEqual([cell.node, other.name].sort());
    return { ours: answers[cell.node], theirs: answers[other.name] };
  }

  test("asks both kinds everything", async () => {
    await cell.send("m.gate", [cell.folder, "seen"]);
    await cell.untilStarted("seen");
    const asked: readonly (readonly [args: readonly string[], ours: unknown, theirs: unknown])[] = [
      [["ping"], { ok: "pong" }, { ok: "pong" }],
      [["report"], { ok: expect.stringContaining("celerity:") }, { ok: expect.stringContaining("celery:") }],
      [["clock"], { clock: expect.any(Number) }, { clock: expect.any(Number) }],
      [["stats"], { pool: { "max-concurrency": 2 } }, { pool: { "max-concurrency": 2 } }],
      [["conf"], { broker_url: expect.any(String) }, { broker_url: expect.any(String) }],
      // Python's highest time limit of all, for one, is no number in JSON.
      [["conf", "with_defaults=true"], { task_default_queue: "celery" }, { task_default_queue: "celery" }],
      [["active"], [{ name: "m.gate" }], []],
      [["reserved"], [], []],
      [["scheduled"], [], []],
      [["revoked"], [], []],
      [
        ["registered", "max_retries"],
        expect.arrayContaining(["both.add [max_retries=5]"]),
        expect.arrayContaining(["both.add [max_retries=5]"]),
      ],
      [["query_task", "nobody", "nothing"], {}, {}],
      [["active_queues"], [{ name: cell.queue }], [{ name: PY_QUEUE }]],
      [["memsample"], expect.stringMatching(/MB$/), null],
      [["memdump"], expect.stringContaining("rss"), expect.stringContaining("rss")],
      [
        ["objgraph"],
        { error: expect.stringContaining("objgraph") },
        { error: expect.stringContaining("objgraph") },
      ],
      [["both_multiply", "x=6", "y=7"], { ok: `${cell.node}: 42` }, { ok: `${other.name}: 42` }],
    ];
    for (const [args, ours, theirs] of broker === "Redis" ? asked : asked.slice(0, 4)) {
      expect(await ask("inspect", ...args), args.join(" ")).toMatchObject({ ours, theirs });
    }
    await cell.open("seen", 1, 2);
  }, 120_000);

  test("tells both kinds everything", async () => {
    const told: readonly (readonly [args: readonly string[], answer: unknown])[] = [
      [["rate_limit", "both.add", "10/m"], { ok: "new rate limit set successfully" }],
      [["time_limit", "both.add", "10", "20"], { ok: "time limits set successfully" }],
      [["revoke", "c1"], { ok: "tasks {'c1'} flagged as revoked" }],
      [["terminate", "KILL", "c2", "c3"], { ok: "terminate: tasks unknown" }],
      [
        ["revoke_by_stamped_headers", "a=1", "b=2"],
        { ok: "headers {'a': '1', 'b': '2'} flagged as revoked, but not terminated" },
      ],
      [["add_consumer", "more"], { ok: "add consumer more" }],
      [["cancel_consumer", "more"], { ok: "no longer consuming from more" }],
      [["pool_grow", "1"], { ok: "pool will grow" }],
      [["pool_shrink"], { ok: "pool will shrink" }],
      [["pool_restart"], { error: "ValueError('Pool restarts not enabled')" }],
      [["autoscale", "5", "2"], { error: "ValueError('Autoscale not enabled')" }],
      [["enable_events"], { ok: expect.stringMatching(/enabled$/) }],
      [["disable_events"], { ok: "task events disabled" }],
      [["heartbeat"], null],
      [["no_such_command", "x=1"], { error: "KeyError('no_such_command')" }],
    ];
    for (const [args, answer] of broker === "Redis" ? told : told.slice(0, 4)) {
      expect(await ask("control", ...args), args.join(" ")).toEqual({ ours: answer, theirs: answer });
    }
    expect(await ask("inspect", "revoked")).toMatchObject({
      ours: expect.arrayContaining(["c1", "c2", "c3"]),
    });
  }, 120_000);

  test("prints for people too", async () => {
    const nodes = [cell.node, other.name].sort().map((node) => `->  ${node}: OK\n`);
    await expect
      .poll(() => run("status", "-t", "3"), POLL)
      .toEqual({ code: 0, output: `${nodes.join("")}\n2 nodes online.\n` });
    const here = await run("inspect", "active_queues", "-d", cell.node, "-t", "30");
    expect(here).toEqual({
      code: 0,
      output: expect.stringMatching(new RegExp(`^->  ${cell.node}: OK\n    \\* .*${cell.queue}`)),
    });
    const failed = await run("control", "autoscale", "3", "-d", cell.node, "-t", "30");
    expect(failed.output).toBe(
      `->  ${cell.node}: ERROR\n    ValueError('Autoscale not enabled')\n\n1 node online.\n`,
    );
    await expect
      .poll(() => run("inspect", "ping", "--pattern", "ts-*", "--json", "-t", "3"), POLL)
      .toEqual({ code: 0, output: `{"${cell.node}":{"ok":"pong"}}\n` });
  });

  test("says when nobody answers, and what it takes", async () => {
    expect(await run("inspect", "ping", "-d", "nobody@nowhere", "-t", "0.2")).toEqual({
      code: 69,
      output: expect.stringMatching(/^celerity: no worker answered within 0\.2 s/),
    });
    const wrong: readonly (readonly string[])[] = [
      ["control", "rate_limit", "both.add"],
      ["inspect", "ping", "too", "many"],
      ["inspect", "add_consumer", "more"],
      ["control", "ping"],
      ["control", "time_limit", "both.add", "soon"],
      ["inspect", "my_command", "no-value"],
    ];
    for (const args of broker === "Redis" ? wrong : []) {
      expect(await run(...args), args.join(" ")).toEqual({
        code: 64,
        output: expect.stringMatching(/^celerity: /),
      });
    }
  });

  test("empties queues that nobody consumes", async () => {
    for (let at = 0; at < 3; at += 1) await cell.python.send("both.add", [1, 1], {}, { queue: "idle" });
    expect((await run("purge", "-Q", "idle")).code).toBe(64);
    expect(await run("purge", "-f", "-Q", "idle,spared", "-X", "spared")).toEqual({
      code: 0,
      output: "Removed 3 messages from 1 queue.\n",
    });
    expect((await run("purge", "-f", "-Q", "idle")).output).toBe("Removed 0 messages from 1 queue.\n");
  });

  test("ends both kinds", async () => {
    expect(await run("control", "shutdown")).toEqual({ code: 0, output: "sent\n" });
    expect(await cell.worker.ended()).toBe(0);
    await other.waitForOutput(/Got shutdown from remote/);
    await other.stop();
  });
});

test("the command line explains every command", async () => {
  for (const [name, commands] of Object.entries({ inspect: INSPECT, control: CONTROL })) {
    const program = await startCelerity([name, "--help"]);
    expect(await program.ended()).toBe(0);
    for (const command of Object.keys(commands)) expect(program.output()).toContain(`\n  ${command} `);
  }
});

describe.each(BROKERS)("workers that meet on %s", (broker) => {
  test("tell each other what is revoked", async () => {
    const place = await startPlace(broker, "latest");
    const first = await startTypeScript(place);
    const revokedIn = async (node: string): Promise<unknown> =>
      (await place.python.inspect("revoked", [], { destination: [node], timeout: 2 }))?.[node];
    // A Python worker says that it is ready some moments before it listens.
    const revoke = (id: string, node: string): Promise<void> =>
      expect
        .poll(
          () => place.python.control("revoke", [id], { destination: [node], reply: true, timeout: 2 }),
          POLL,
        )
        .toEqual([{ [node]: { ok: `tasks {'${id}'} flagged as revoked` } }]);
    await revoke("from-typescript", first.node);
    const python = await startPython(place, { isSociable: true });
    await expect.poll(() => revokedIn(python.name), POLL).toEqual(["from-typescript"]);
    await revoke("from-python", python.name);
    expect(await first.stop()).toBe(0);
    const second = await startTypeScript(place);
    const both = expect.arrayContaining(["from-typescript", "from-python"]);
    await expect.poll(() => revokedIn(second.node), POLL).toEqual(both);
    await python.stop();
    expect(await second.stop()).toBe(0);
  });

  // Of TypeScript workers alone: an election ends a Celery worker with an IndexError now and then (kombu.clocks.sort_heap).
  test("elect one of three", async () => {
    const place = await startPlace(broker, "latest");
    const start = (): Promise<Cell> => startTypeScript(place, "--loglevel", "debug");
    const cells = await Promise.all([start(), start(), start()]);
    for (const { worker, node } of cells) {
      const others = cells.filter((one) => one.node !== node);
      for (const other of others) await worker.waitForOutput(new RegExp(`${other.node} joined`));
    }
    const [cell] = cells;
    const elections = Array.from({ length: 6 }, (_, at) => `elected-${at}`);
    for (const name of elections) {
      const action = `app.signature('both.note', ('${cell.folder}', '${name}'), queue='${cell.queue}')`;
      await place.python.evaluate(`app.control.election('${randomUUID()}', 'task', ${action})`);
      await cell.untilStarted(name);
    }
    // A worker that has this event's clock has read all that came before: whoever else won has sent its task.
    const late = 10 ** 6;
    const dispatcher = "app.events.Dispatcher(app.connection_for_write(), hostname='late@nowhere')";
    await place.python.evaluate(`app.clock.adjust(${late}) and ${dispatcher}.send('worker-offline')`);
    const clocks = async (): Promise<readonly boolean[]> => {
      const destination = cells.map(({ node }) => node);
      const answers = await place.python.inspect("clock", [], { destination, timeout: 2 });
      return Object.values(answers ?? {}).map(
        (answer) => (answer as { readonly clock: number }).clock > late,
      );
    };
    await expect.poll(clocks, POLL).toEqual([true, true, true]);
    expect(await cell.call("m.add", [1, 1])).toBe(2);
    expect(elections.map((name) => cell.starts(name))).toEqual(elections.map(() => 1));
    expect(await Promise.all(cells.map((one) => one.stop()))).toEqual([0, 0, 0]);
  });
});

/** Both lists in one order. */
async function sortedAnswers(asked: Promise<Answers>, key?: string): Promise<Answers> {
  const text = (item: unknown): string => String(key === undefined ? item : (item as Given)[key]);
  const sorted = (list: unknown): unknown =>
    [...(list as unknown[])].sort((one, next) => (text(one) < text(next) ? -1 : 1));
  const { ours, theirs } = await asked;
  return { ours: sorted(ours), theirs: sorted(theirs) };
}
