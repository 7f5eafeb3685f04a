/**
 * What becomes of tasks whose worker is killed or stopped under load, counted in a ledger: every task notes its start and
 * its end. lost: sent and never done; twice: done more than once.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { App, AsyncResult, Settings } from "../../app/index.ts";
import { toError } from "../../protocol/index.ts";
import { openSql } from "../../stores/sql/index.ts";
import { startPythonWorker } from "../helpers/python.ts";
import { temporaryFolder } from "../helpers/services.ts";
import type { GuardedProcess } from "../helpers/services-process.ts";
import { takeMessages } from "../helpers/worker.ts";
import { startCelerity, taskModule } from "./celerity.ts";
import { type BrokerName, backends, brokerNames, brokers, pythonTasks } from "./places.ts";
import { startNetwork } from "./severed.ts";
import { createTestApp, startWorker } from "./sides.ts";

const TASKS = 200;
const TASK_SECONDS = 0.05;
const CONCURRENCY = 2;
/** From the death of a worker to the last start of what it held. */
const ORPHAN_LIMIT_MS = 20_000;

const POLL = { timeout: 30_000, interval: 20 };

interface Note {
  readonly what: "start" | "done";
  readonly name: string;
  readonly pid: number;
  readonly atMs: number;
}

/** What the tasks have noted so far. */
class Ledger {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  notes(what: Note["what"]): Note[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, "utf8").split("\n").slice(0, -1);
    const notes = lines.map((line) => {
      const [kind, name = "", pid, atMs] = line.split(" ");
      return { what: kind as Note["what"], name, pid: Number(pid), atMs: Number(atMs) };
    });
    return notes.filter((note) => note.what === what);
  }

  /** Names of the tasks that are done. */
  done(): Set<string> {
    return new Set(this.notes("done").map(({ name }) => name));
  }

  /** Names of the tasks that a process has started and not done. */
  runningIn(pid: number): string[] {
    const done = this.done();
    return this.notes("start")
      .filter((note) => note.pid === pid && !done.has(note.name))
      .map(({ name }) => name);
  }

  /** How many tasks are done more than once. */
  twice(): number {
    return this.notes("done").length - this.done().size;
  }
}

/** A broker with a producer and a ledger, and how to start workers on it. */
class Scene {
  readonly url: string;
  readonly app: App;
  readonly ledger: Ledger;
  readonly #backend: string;
  readonly #settings: Partial<Settings>;

  constructor(url: string, backend: string, folder: string, settings: Partial<Settings>) {
    this.url = url;
    this.#backend = backend;
    this.#settings = settings;
    this.ledger = new Ledger(`${folder}/ledger`);
    this.app = createTestApp({
      brokerUrl: url,
      resultBackend: backend,
      taskQueueMaxPriority: null,
      ...settings,
    });
  }

  /** A worker that may end at once. */
  launch(): Promise<GuardedProcess> {
    const { taskDefaultQueueType = "classic", brokerTransportOptions = {} } = this.#settings;
    // One process: the ledger then shows whose tasks died with it.
    const pool = ["-P", "async", "-c", String(CONCURRENCY)];
    return startCelerity(["worker", "-A", taskModule, ...pool, "-n", `${randomUUID()}@test`], {
      CELERY_BROKER_URL: this.url,
      CELERY_RESULT_BACKEND: this.#backend,
      CELERY_TASK_DEFAULT_QUEUE_TYPE: taskDefaultQueueType,
      CELERY_BROKER_TRANSPORT_OPTIONS: JSON.stringify(brokerTransportOptions),
    });
  }

  async startTypeScript(): Promise<GuardedProcess> {
    const worker = await this.launch();
    await worker.waitForOutput(/ ready\./);
    return worker;
  }

  async startPython(): Promise<void> {
    await startPythonWorker({ version: "latest", broker: this.url, backend: this.#backend, ...pythonTasks });
  }

  /** Sends the load, and resolves once a tenth of it has been started. */
  async load(): Promise<AsyncResult[]> {
    const names = Array.from({ length: TASKS }, (_, at) => `task-${at}`);
    const sent = await Promise.all(
      names.map((name) => this.app.sendTask("e2e.ledger", { args: [this.ledger.file, name, TASK_SECONDS] })),
    );
    await expect.poll(() => this.ledger.notes("start").length, POLL).toBeGreaterThan(TASKS / 10);
    return sent;
  }

  /** Every task has ended and told its result, and the broker holds nothing any more. */
  async expectAllDone(sent: readonly AsyncResult[], limitMs: number): Promise<void> {
    await expect.poll(() => this.ledger.done().size, { ...POLL, timeout: limitMs }).toBe(TASKS);
    await Promise.all(sent.map((result) => result.get({ timeoutMs: 10_000 })));
    const connection = await this.app.connection();
    expect(await connection.queueSize("celery")).toBe(0);
    if (!this.url.includes("sqlite")) return;
    const db = await openSql(this.url.replace("sqla+", ""));
    expect(await db.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    await db.close();
  }
}

async function setScene(broker: BrokerName, settings: Partial<Settings> = {}): Promise<Scene> {
  const [url, backend, folder] = await Promise.all([brokers[broker](), backends.Redis(), temporaryFolder()]);
  return new Scene(url, backend, folder, settings);
}

describe("a worker killed with kill -9 under load", () => {
  test.each<[BrokerName, string, ("TypeScript" | "Python")[]]>([
    ["RabbitMQ", "another worker", ["TypeScript"]],
    ["RabbitMQ", "a Python worker", ["Python"]],
    ["Redis", "another worker", ["TypeScript"]],
    ["Redis", "another worker and a Python worker", ["TypeScript", "Python"]],
    ["SQLite", "another worker", ["TypeScript"]],
  ])(
    "loses nothing on %s beside %s",
    async (broker, _beside, others) => {
      const scene = await setScene(broker);
      const [victim] = await Promise.all([
        scene.startTypeScript(),
        ...others.map((kind) => (kind === "Python" ? scene.startPython() : scene.startTypeScript())),
      ]);
      const sent = await scene.load();
      await victim.kill();
      const orphans = scene.ledger.runningIn(victim.pid);
      expect(orphans.length).toBeGreaterThan(0);
      await scene.expectAllDone(sent, ORPHAN_LIMIT_MS);
      expect(scene.ledger.twice()).toBeLessThanOrEqual(CONCURRENCY);
    },
    60_000,
  );
});

describe("a worker stopped with SIGTERM under load", () => {
  test.each(brokerNames)(
    "loses and repeats nothing on %s, and exits with 0",
    async (broker) => {
      const scene = await setScene(broker);
      const [leaving] = await Promise.all([scene.startTypeScript(), scene.startTypeScript()]);
      const sent = await scene.load();
      leaving.signal("SIGTERM");
      expect(await leaving.ended()).toBe(0);
      await scene.expectAllDone(sent, 30_000);
      expect(scene.ledger.notes("start")).toHaveLength(TASKS);
      expect(scene.ledger.twice()).toBe(0);
    },
    60_000,
  );
});

describe("a task that kills its worker", () => {
  test.each<[string, BrokerName, Partial<Settings>]>([
    ["a quorum queue of RabbitMQ", "RabbitMQ", { taskDefaultQueueType: "quorum" }],
    // What a dead process held is taken over after this; the defaults are longer.
    ["Redis", "Redis", { brokerTransportOptions: { leaseMs: 1000 } }],
    ["SQLite", "SQLite", { brokerTransportOptions: { leaseMs: 1000 } }],
  ])(
    "does so three times on %s, and is a dead letter then",
    async (_where, broker, settings) => {
      const scene = await setScene(broker, settings);
      const deadly = await scene.app.sendTask("e2e.die", { args: [scene.ledger.file] });
      for (let deaths = 1; deaths <= 3; deaths += 1) {
        const worker = await scene.launch();
        expect(await worker.ended()).toBe(null);
        expect(scene.ledger.notes("start")).toHaveLength(deaths);
      }
      await scene.startTypeScript();
      const get = deadly.get({ timeoutMs: 20_000 });
      await expect(get).rejects.toMatchObject({ code: "task_failed", type: "WorkerLostError" });
      const [letter] = await takeMessages(scene.app, "celery.dead", 1);
      expect(letter?.message?.headers).toMatchObject({ id: deadly.id, "x-celerity-reason": "worker_lost" });
      expect(await scene.app.call("examples.add", { args: [2, 3], timeoutMs: 20_000 })).toBe(5);
      expect(scene.ledger.notes("start")).toHaveLength(3);
    },
    60_000,
  );
});

describe("a worker whose connections fall silent", () => {
  test.each<[BrokerName, Partial<Settings>]>([
    // Signs of life are asked for more often than by default, to have it sooner.
    ["RabbitMQ", { brokerTransportOptions: { livenessMs: 500 } }],
    ["Redis", { brokerTransportOptions: { socketTimeout: 1 } }],
  ])(
    "goes on with new ones on %s",
    async (broker, settings) => {
      const [url, resultBackend] = await Promise.all([brokers[broker](), backends.Redis()]);
      const network = await startNetwork(url);
      const app = createTestApp({ brokerUrl: url, resultBackend });
      const worker = await startWorker(
        createTestApp({ brokerUrl: network.url, resultBackend, ...settings }),
        ["celery"],
      );
      const add = (timeoutMs: number): Promise<unknown> =>
        app.call("examples.add", { args: [2, 3], timeoutMs }).catch(toError);
      expect(await add(20_000)).toBe(5);
      network.sever();
      // RabbitMQ hands tasks to the dead connection too, until it misses its heartbeats.
      await expect.poll(() => add(500), { timeout: 20_000, interval: 10 }).toBe(5);
      await worker.stop();
    },
    60_000,
  );
});
