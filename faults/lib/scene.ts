/** A broker with a producer, a ledger and workers: what a fault is run on. */
import { setMaxListeners } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type App, createApp, lookAtDeadLetters } from "../../app/index.ts";
import { createRandom, type Random } from "../../fuzz/random.ts";
import { GuardedProcess } from "../../test/helpers/services-process.ts";
import { type BrokerName, type FaultCase, NotHere } from "./fault.ts";
import { messagesHeld } from "./held.ts";
import { Ledger } from "./ledger.ts";
import type { OwnServers } from "./own-servers.ts";
import { program, python, root, taskModule } from "./paths.ts";

/** Slots of each worker. */
export const CONCURRENCY = 2;
/** Messages that a worker holds at most: four for a slot. */
export const HELD: number = 4 * CONCURRENCY;
/** How long a task of the load takes. */
export const TASK_SECONDS = 0.05;

/** Deliveries of a task that kills its process, before it is a dead letter. */
export const DELIVERIES = 3;

/** After its fault, a scene has so long to come to rest before what is missing counts as lost. */
const PATIENCE_SECONDS = 120;
const LOOK_MS = 50;
/** Characters of a process's output. */
const LAST_WORDS = 2000;

/** An empty broker, an empty result store, and a folder. */
export interface Place {
  readonly broker: BrokerName;
  readonly url: string;
  readonly resultsUrl: string;
  readonly folder: string;
  /** Of a fault that breaks them. */
  readonly servers?: OwnServers;
}

export interface SceneOptions {
  readonly place: Place;
  readonly form: FaultCase;
  /** Tasks of a load. */
  readonly tasks: number;
  /** Repeats the choices of an earlier run. */
  readonly seed: number;
  /** Length of faults that last; undefined: each row's own. */
  readonly seconds: number | undefined;
  /** For how long a dead worker's messages stay its own on Redis and SQLite; undefined: the row's, or the transport's. */
  readonly leaseMs: number | undefined;
}

/** How a worker differs from the usual one. */
export interface WorkerChanges {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class Scene {
  readonly options: SceneOptions;
  readonly broker: BrokerName;
  readonly app: App;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly #transportOptions: Readonly<Record<string, unknown>>;
  readonly #workers: GuardedProcess[] = [];
  readonly #closing = new AbortController();
  #sent = 0;

  constructor(options: SceneOptions) {
    const { place, form, seed, leaseMs } = options;
    this.options = options;
    // One for each caller that pauses.
    setMaxListeners(0, this.#closing.signal);
    this.broker = place.broker;
    this.random = createRandom(seed);
    this.ledger = new Ledger(join(place.folder, "ledger"));
    this.#transportOptions = { ...form.transportOptions, ...(leaseMs === undefined ? {} : { leaseMs }) };
    this.app = createApp({
      env: {},
      brokerUrl: place.url,
      resultBackend: place.resultsUrl,
      taskDefaultQueueType: form.queueType ?? "classic",
      brokerTransportOptions: this.#transportOptions,
      onWarning: () => undefined,
    });
  }

  /** Seconds that one worker on a busy machine needs for the load. */
  get loadSeconds(): number {
    return (2 * this.options.tasks * TASK_SECONDS) / CONCURRENCY;
  }

  /** Those that this fault may break. */
  get servers(): OwnServers {
    const { servers } = this.options.place;
    if (servers === undefined) throw new Error("This fault has no servers of its own.");
    return servers;
  }

  /** A worker that may end at once. */
  launch({ args = [], env = {} }: WorkerChanges = {}): GuardedProcess {
    const { form } = this.options;
    const flags = ["-A", taskModule, "-P", form.pool ?? "prefork", "-c", String(CONCURRENCY)];
    const name = `w${this.#workers.length}@faults`;
    return this.#launch(process.execPath, [program, "worker", ...flags, "-n", name, ...args], {
      CELERY_TASK_DEFAULT_QUEUE_TYPE: form.queueType ?? "classic",
      CELERY_BROKER_TRANSPORT_OPTIONS: JSON.stringify(this.#transportOptions),
      ...env,
    });
  }

  /** A worker that is ready. */
  async startWorker(changes?: WorkerChanges): Promise<GuardedProcess> {
    const worker = this.launch(changes);
    await worker.waitForOutput(/ ready\./);
    return worker;
  }

  /** A worker of Python's Celery that is ready. */
  async startPythonWorker(): Promise<GuardedProcess> {
    if (!existsSync(python)) throw new NotHere("Python Celery is not installed.");
    const flags = [
      "--loglevel",
      "INFO",
      "--concurrency",
      String(CONCURRENCY),
      "--without-mingle",
      "--without-gossip",
    ];
    const name = `p${this.#workers.length}@faults`;
    const args = ["-m", "celery", "-A", "fault_tasks", "worker", ...flags, "--hostname", name];
    const worker = this.#launch(python, args, { PYTHONPATH: `${root}/faults`, C_FORCE_ROOT: "1" });
    await worker.waitForOutput(/ ready\./);
    return worker;
  }

  /** A beat that is ready; another one may lead. */
  async startBeat(args: readonly string[], env: Readonly<Record<string, string>>): Promise<GuardedProcess> {
    const beat = this.#launch(process.execPath, [program, "beat", "-A", taskModule, ...args], env);
    await beat.waitForOutput(/ ready\./);
    return beat;
  }

  /** A gateway that listens; its port is among the arguments. */
  async startGateway({ args = [], env = {} }: WorkerChanges = {}): Promise<GuardedProcess> {
    const { form } = this.options;
    const gateway = this.#launch(process.execPath, [program, "gateway", ...args], {
      CELERY_TASK_DEFAULT_QUEUE_TYPE: form.queueType ?? "classic",
      CELERY_BROKER_TRANSPORT_OPTIONS: JSON.stringify(this.#transportOptions),
      ...env,
    });
    await gateway.waitForOutput(/Celerity gateway on /);
    return gateway;
  }

  #launch(command: string, args: readonly string[], env: Readonly<Record<string, string>>): GuardedProcess {
    if (this.#closing.signal.aborted) throw new Error("It took too long, or was interrupted.");
    const { place } = this.options;
    const folder = join(place.folder, `worker-${this.#workers.length}`);
    mkdirSync(folder);
    const ours = Object.entries(process.env).filter(([name]) => !/^(CELERY|CELERITY)_/.test(name));
    const worker = new GuardedProcess({
      command,
      args,
      folder,
      stopSignal: "SIGTERM",
      env: {
        ...Object.fromEntries(ours),
        CELERY_BROKER_URL: place.url,
        CELERY_RESULT_BACKEND: place.resultsUrl,
        ...env,
      },
    });
    this.#workers.push(worker);
    return worker;
  }

  /** Sends tasks, and notes those that the broker has accepted. Resolves to their ids. */
  async send(count: number, task: string, parameter: unknown, etaMs?: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => `task-${++this.#sent}`);
    const args = [this.ledger.file, parameter];
    const eta = etaMs === undefined ? {} : { eta: new Date(etaMs) };
    await Promise.all(ids.map((taskId) => this.app.sendTask(task, { taskId, args, ...eta })));
    for (const id of ids) this.ledger.accepted.add(id);
    return ids;
  }

  /** Sends the load, or so many of its tasks. */
  load(count: number = this.options.tasks): Promise<string[]> {
    return this.send(count, "fault.work", TASK_SECONDS);
  }

  /** Keeps so many tasks of the load waiting; stop() resolves when nothing is being sent any more. */
  feed(backlog: number): { stop(): Promise<void> } {
    let isStopped = false;
    const keep = async (): Promise<void> => {
      for (; !(isStopped || this.#closing.signal.aborted); await sleep(2 * LOOK_MS)) {
        const waiting = this.ledger.accepted.size - this.ledger.ids("end").size;
        if (waiting < backlog) await this.load(backlog);
      }
    };
    const kept = keep();
    // A failure is told to who stops it.
    kept.catch(() => undefined);
    return {
      async stop() {
        isStopped = true;
        await kept;
      },
    };
  }

  /** Resolves when so many tasks have started. */
  async untilStarted(count: number): Promise<void> {
    await this.until(() => this.ledger.notes("start").length >= count, `${count} tasks have started`);
  }

  /** Resolves when the first part of the load has started: a tenth to two fifths, the seed decides. */
  async untilUnderWay(): Promise<void> {
    await this.untilStarted(Math.ceil((this.options.tasks * (10 + this.random.below(30))) / 100));
  }

  /** Resolves when all accepted tasks but `except` have ended, or patience has. */
  async settled(except: readonly string[] = [], patience: number = PATIENCE_SECONDS): Promise<void> {
    const excepted = new Set(except);
    const isOver = (): boolean => {
      const ended = this.ledger.ids("end");
      return [...this.ledger.accepted].every((id) => ended.has(id) || excepted.has(id));
    };
    await this.until(isOver, "all tasks have ended", patience).catch(() => undefined);
  }

  /** Resolves when there are so many dead letters, or patience has ended. */
  async untilDead(count: number): Promise<void> {
    const connection = await this.app.connection();
    const isOver = async (): Promise<boolean> => (await connection.queueSize("celery.dead")) >= count;
    await this.until(isOver, `${count} dead letters are there`).catch(() => undefined);
  }

  /** Resolves when the broker holds no more messages than these, or patience has ended: what ended untold has come again. */
  async atRest(messages: number = 0): Promise<void> {
    const looksSo = async (): Promise<boolean> =>
      (await messagesHeld(this.options.place, this.app)) <= messages;
    // The first look may miss what moves from one place to another meanwhile.
    const isOver = async (): Promise<boolean> => (await looksSo()) && (await looksSo());
    await this.until(isOver, "the broker is at rest").catch(() => undefined);
  }

  /** Rejects when it does not come true within the patience for anything, or within so many seconds. */
  async until(
    isTrue: () => boolean | Promise<boolean>,
    what: string,
    patience: number = PATIENCE_SECONDS,
  ): Promise<void> {
    for (const startedAtMs = Date.now(); !(await isTrue()); await sleep(LOOK_MS)) {
      if (this.#closing.signal.aborted || Date.now() - startedAtMs > patience * 1000)
        throw new Error(`Not within ${patience} s: ${what}.`);
    }
  }

  /** Rejects when the scene is closed meanwhile. */
  async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal });
  }

  /** Whether a worker has not ended. */
  async running(worker: GuardedProcess): Promise<boolean> {
    return await Promise.race([worker.ended().then(() => false), sleep(0, true)]);
  }

  /** Ids in the queue of dead letters. */
  async deadLetters(): Promise<Set<string>> {
    const ids = new Set<string>();
    await lookAtDeadLetters(this.app, "celery", 1000, ({ taskId }) => {
      ids.add(taskId ?? "");
      return true;
    });
    return ids;
  }

  /** How many of these processes have ended; the last words of each are shown. */
  async endedOf(processes: readonly GuardedProcess[]): Promise<number> {
    let ended = 0;
    for (const one of processes) {
      if (await this.running(one)) continue;
      ended += 1;
      process.stderr.write(`A process has ended that should not:\n${one.output().slice(-LAST_WORDS)}\n`);
    }
    return ended;
  }

  /** Ends the workers in their own way. */
  async stopWorkers(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  /** Kills all workers, and starts none any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await this.app.close();
  }
}
