/**
 * The worker: consumes queues, runs tasks, settles them. This file only connects the parts; each step of a task's way has
 * a file of its own (intake, scheduler, pool, settle).
 */
import { hostname } from "node:os";
import type { App } from "../app/index.ts";
import { toError } from "../protocol/index.ts";
import type { Delivery, QueueSpec, ReconnectingConnection } from "../transports/index.ts";
import { type ControlNode, createControlNode } from "./control/control-node.ts";
import { describeOutcome } from "./describe-outcome.ts";
import { createEventSender, type EventSender } from "./events.ts";
import { createExecute } from "./execute.ts";
import { createIntake, isRefusal, type Refusal } from "./intake.ts";
import type { Job } from "./job.ts";
import { LamportClock } from "./lamport-clock.ts";
import { Lane } from "./lane.ts";
import { createLostHandler, type LostHandler } from "./lost.ts";
import { nodeName } from "./node-name.ts";
import { type Outcome, timedOut } from "./outcome.ts";
import type { Pool, PoolOptions } from "./pool.ts";
import { createPool } from "./pools/index.ts";
import { parseRate } from "./rate-limits.ts";
import { createRefuser, type Refuser } from "./refuse.ts";
import { RevokedTasks } from "./revoked.ts";
import { Scheduler } from "./scheduler.ts";
import { createSealCheck, type SealCheck } from "./seal-check.ts";
import { createSettler, type Settler } from "./settle.ts";
import { TimeLimits } from "./time-limits.ts";

export interface WorkerOptions {
  readonly app: App;
  /** Queues to consume; default: the app's taskQueues, or its default queue. */
  readonly queues?: readonly string[];
  /** Celery's `-n`: `name@host`, with %h, %n and %d. */
  readonly hostname?: string;
  /** Default: the setting workerPool. */
  readonly pool?: string;
  /** Queues that have a pool of their own; the other queues share `pool`. */
  readonly poolFor?: readonly PoolFor[];
  /** Where pools of processes and threads load the app from: a file or package, as `-A` names it. */
  readonly appModule?: string;
  /** Default: the setting workerConcurrency. */
  readonly concurrency?: number;
  /** Default: the setting workerChildConcurrency. */
  readonly childConcurrency?: number;
  /** Default: the setting workerMaxTasksPerChild. */
  readonly maxTasksPerChild?: number;
  /** KiB; default: the setting workerMaxMemoryPerChild. */
  readonly maxMemoryPerChild?: number;
  /** Seconds; default: the setting taskTimeLimit. */
  readonly timeLimit?: number;
  /** Seconds; default: the setting taskSoftTimeLimit. */
  readonly softTimeLimit?: number;
  /** Default: the setting workerPrefetchMultiplier. */
  readonly prefetchMultiplier?: number;
  /** Send task events; default: the setting workerSendTaskEvents. */
  readonly taskEvents?: boolean;
  /** Told about every task and about trouble; default: silent but for the app's warnings. */
  readonly logger?: WorkerLogger;
}

/** A pool for some of the queues. */
export interface PoolFor {
  readonly queues: readonly string[];
  readonly pool: string;
  /** Default: the pool's. */
  readonly concurrency?: number;
}

/** The part of a logger that the worker uses; pino fits. */
export interface WorkerLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export function createWorker(options: WorkerOptions): Worker {
  return new Worker(options);
}

export class Worker {
  readonly app: App;
  /** Node name, as monitors see it. */
  readonly hostname: string;
  readonly queues: readonly QueueSpec[];
  readonly clock: LamportClock = new LamportClock();
  readonly revoked: RevokedTasks = new RevokedTasks();
  readonly startedAtMs: number = Date.now();
  /** Resolves when the worker cannot go on: the broker stayed away for longer than brokerConnectionMaxRetries allows. */
  readonly failed: Promise<Error>;
  readonly #options: WorkerOptions;
  readonly #total = new Map<string, number>();
  #processed = 0;
  #connection: ReconnectingConnection | undefined;
  #parts: Parts | undefined;
  #fail: (error: Error) => void = () => undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.app = options.app;
    this.hostname = nodeName(options.hostname, hostname());
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    const bound = options.poolFor?.flatMap(({ queues }) => queues) ?? [];
    const named = [...(options.queues ?? []), ...bound].map((name) => this.app.router.queue(name));
    this.queues = options.queues === undefined && bound.length === 0 ? this.app.router.defaultQueues : named;
  }

  /** Tasks ended, by name. */
  get total(): ReadonlyMap<string, number> {
    return this.#total;
  }

  /** Tasks ended in all. */
  get processed(): number {
    return this.#processed;
  }

  /** The running parts; undefined before start() and after stop(). */
  get parts(): Parts | undefined {
    return this.#parts;
  }

  /** Resolves when the queues are declared and consumed. Twice is fine. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { app } = this;
    const warn = (message: string, error?: unknown): void => this.#warn(message, error);
    const backend = app.keepsResults ? await app.backend() : undefined;
    const sealCheck = await createSealCheck({ app, onWarning: warn });
    const settler = createSettler({ app, hostname: this.hostname, backend, sealCheck, onWarning: warn });
    const execute = createExecute<Job>({ hostname: this.hostname, updateState: settler.storeState });
    const plans = this.#lanePlans();
    const pools = await startPools(plans.map((plan) => this.#createPool(plan, execute, settler)));
    const connection = await app.openConnection();
    this.#connection = connection;
    if (this.#stopping !== undefined) await connection.close();
    await connection.untilConnected();
    for (const queue of this.queues) await connection.declareQueue(queue);
    const events = createEventSender({
      connection,
      hostname: this.hostname,
      clock: this.clock,
      exchange: "celeryev",
      serializer: app.codecs.serializer(app.settings.eventSerializer),
      taskEvents: this.#options.taskEvents ?? app.settings.workerSendTaskEvents,
      load: () => ({ active: this.jobs.active.length, processed: this.#processed }),
      onWarning: warn,
    });
    const limits = new TimeLimits({
      soft: this.#options.softTimeLimit ?? app.settings.taskSoftTimeLimit ?? undefined,
      hard: this.#options.timeLimit ?? app.settings.taskTimeLimit ?? undefined,
      onHard: (job, seconds) => {
        this.endByForce(job, timedOut(seconds), new Error(`The time limit of ${seconds} s has passed.`));
      },
    });
    const lanes = plans.map(({ queues }, at) => {
      const pool = pools[at] as Pool;
      const scheduler = new Scheduler({
        pool,
        limits,
        rateLimit: parseRate(app.settings.taskDefaultRateLimit),
        disableRateLimits: app.settings.workerDisableRateLimits,
        onStart: (job) => this.#onStart(job, settler, events),
        onEnd: (job, outcome) => this.#onEnd(job, outcome, settler, events),
        isRevoked: (taskId) => this.revoked.has(taskId),
      });
      return new Lane({
        pool,
        scheduler,
        connection,
        queues,
        prefetchMultiplier: this.#options.prefetchMultiplier ?? app.settings.workerPrefetchMultiplier,
        etaLimit: app.settings.workerEtaTaskLimit,
        onDeliveries: (deliveries) => this.#takeIn(deliveries, scheduler),
        onFailed: (error) => this.#fail(toError(error)),
      });
    });
    const control = app.settings.workerEnableRemoteControl
      ? await createControlNode(this, connection, sealCheck)
      : undefined;
    const refuser = createRefuser({ app, hostname: this.hostname, backend, sealCheck, onWarning: warn });
    const lostHandler = createLostHandler({ app, settler, refuser, events, sealCheck, onWarning: warn });
    this.#parts = {
      sealCheck,
      settler,
      refuser,
      lostHandler,
      connection,
      events,
      limits,
      lanes,
      control,
      intake: createIntake({ app, sealCheck }),
    };
    events.start();
    for (const lane of lanes) lane.start();
  }

  /** Which pool runs what comes from which queues. */
  #lanePlans(): readonly LanePlan[] {
    const { poolFor = [], pool, concurrency, appModule } = this.#options;
    const { settings } = this.app;
    const bound = new Set(poolFor.flatMap(({ queues }) => queues));
    const special = poolFor.map(({ queues, ...plan }) => ({
      ...plan,
      queues: queues.map((name) => this.app.router.queue(name)),
    }));
    const queues = this.queues.filter(({ name }) => !bound.has(name));
    if (queues.length === 0 && special.length > 0) return special;
    const name = pool ?? settings.workerPool ?? (appModule === undefined ? "async" : "prefork");
    return [
      { queues, pool: name, concurrency: concurrency ?? settings.workerConcurrency ?? undefined },
      ...special,
    ];
  }

  #createPool(plan: LanePlan, execute: PoolOptions["execute"], settler: Settler): Promise<Pool> {
    const { settings } = this.app;
    const given = this.#options;
    return createPool(plan.pool, {
      concurrency: plan.concurrency,
      execute,
      updateState: settler.storeState,
      appModule: given.appModule,
      hostname: this.hostname,
      childConcurrency: given.childConcurrency ?? settings.workerChildConcurrency,
      maxTasksPerChild: given.maxTasksPerChild ?? settings.workerMaxTasksPerChild,
      maxMemoryPerChild: given.maxMemoryPerChild ?? settings.workerMaxMemoryPerChild,
      onWarning: (message, error) => this.#warn(message, error),
    });
  }

  /** What the worker has in hand. */
  get jobs(): JobsInHand {
    const schedulers = this.#parts?.lanes.map(({ scheduler }) => scheduler) ?? [];
    return {
      active: schedulers.flatMap(({ active }) => [...active]),
      waiting: schedulers.flatMap(({ waiting }) => waiting),
      scheduled: schedulers.flatMap(({ scheduled }) => scheduled),
    };
  }

  /** Ends a running job with an outcome of the caller's. The task is asked to stop, and killed where its pool can. */
  endByForce(job: Job, outcome: Outcome, reason: Error): void {
    for (const { scheduler } of this.#parts?.lanes ?? []) scheduler.endByForce(job, outcome, reason);
  }

  async #takeIn(deliveries: readonly Delivery[], scheduler: Scheduler): Promise<void> {
    const parts = this.#parts;
    if (parts === undefined) return;
    const pending: Promise<void>[] = [];
    for (const delivery of deliveries) {
      const accepted = parts.intake(delivery);
      if (accepted instanceof Promise) {
        pending.push(accepted.then((one) => this.#accept(delivery, one, parts, scheduler)));
      } else this.#accept(delivery, accepted, parts, scheduler);
    }
    if (pending.length > 0) await Promise.all(pending);
  }

  #accept(delivery: Delivery, accepted: Job | Refusal | undefined, parts: Parts, scheduler: Scheduler): void {
    if (accepted === undefined) {
      delivery.reject({ requeue: true });
      return;
    }
    if (isRefusal(accepted)) {
      parts.events.refused(accepted);
      parts.refuser.refuse(accepted);
      return;
    }
    parts.events.received(accepted);
    if (!accepted.acksLate) {
      parts.sealCheck?.settled(delivery);
      delivery.ack();
    }
    scheduler.add(accepted);
  }

  #onStart(job: Job, settler: Settler, events: EventSender): void {
    events.started(job);
    const tracked = job.task.options.trackStarted ?? this.app.settings.taskTrackStarted;
    if (!tracked) return;
    settler
      .storeState(job, "STARTED", { pid: process.pid, hostname: this.hostname })
      .catch((error: unknown) => {
        this.#warn(`STARTED of ${job.request.id} could not be stored`, error);
      });
  }

  #onEnd(job: Job, outcome: Outcome, settler: Settler, events: EventSender): void {
    const { task } = job.request;
    this.#processed += 1;
    this.#total.set(task, (this.#total.get(task) ?? 0) + 1);
    if (outcome.state === "LOST") {
      this.#log(job, outcome);
      this.#parts?.lostHandler.lost(job, outcome);
      return;
    }
    settler.settle(job, outcome, () => {
      events.ended(job, outcome);
      this.#log(job, outcome);
    });
  }

  #log(job: Job, outcome: Outcome): void {
    const { logger } = this.#options;
    if (logger === undefined) return;
    const { message, isTrouble, ...facts } = describeOutcome(job, outcome);
    if (isTrouble) logger.warn(facts, message);
    else logger.info(facts, message);
  }

  #warn(message: string, error?: unknown): void {
    if (this.#options.logger === undefined) this.app.onWarning(message, error);
    else this.#options.logger.warn({ err: error }, message);
  }

  /**
   * Warm shutdown: takes nothing new, gives back what was not started, finishes and settles what runs. An aborted `signal`
   * makes it cold: running tasks are told to stop, and what is not settled goes back to the broker. Twice is fine.
   */
  stop(signal?: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop(signal);
    return this.#stopping;
  }

  async #stop(signal?: AbortSignal): Promise<void> {
    // A worker that still waits for its broker has nothing to drain.
    if (this.#parts === undefined) await this.#connection?.close();
    await this.#starting?.catch(() => undefined);
    const parts = this.#parts;
    if (parts === undefined) return;
    const { lanes } = parts;
    await Promise.all(lanes.map((lane) => lane.stopConsuming()));
    parts.sealCheck?.stop();
    for (const job of lanes.flatMap((lane) => lane.stop())) job.delivery.reject({ requeue: true });
    const idle = Promise.all(lanes.map(({ scheduler }) => scheduler.idle()));
    const cold = whenAborted(signal).then(() => {
      for (const { scheduler } of lanes) scheduler.abortActive(new Error("The worker is shutting down."));
    });
    await Promise.race([idle, cold]);
    const settled = parts.lostHandler
      .idle()
      .then(() => Promise.all([parts.settler.idle(), parts.refuser.idle()]));
    await Promise.race([settled, whenAborted(signal)]);
    await parts.events.stop();
    await parts.control?.close();
    await Promise.all(lanes.map(({ pool }) => pool.close()));
    await parts.sealCheck?.close();
    await parts.connection.close();
    this.#parts = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** What a started worker consists of. */
export interface Parts {
  readonly sealCheck: SealCheck | undefined;
  readonly settler: Settler;
  readonly refuser: Refuser;
  readonly lostHandler: LostHandler;
  readonly connection: ReconnectingConnection;
  readonly events: EventSender;
  readonly limits: TimeLimits;
  /** One for each pool. */
  readonly lanes: readonly Lane[];
  readonly control: ControlNode | undefined;
  readonly intake: ReturnType<typeof createIntake>;
}

/** Jobs that a worker has in hand. */
export interface JobsInHand {
  readonly active: readonly Job[];
  /** Due, and waiting for room. */
  readonly waiting: readonly Job[];
  /** Waiting for their ETA. */
  readonly scheduled: readonly Job[];
}

interface LanePlan {
  readonly queues: readonly QueueSpec[];
  readonly pool: string;
  readonly concurrency?: number | undefined;
}

/** Resolves when all can run tasks; when one cannot start, the others are closed. */
async function startPools(creating: readonly Promise<Pool>[]): Promise<readonly Pool[]> {
  const pools = await Promise.all(creating);
  try {
    await Promise.all(pools.map((pool) => pool.start?.()));
    return pools;
  } catch (error) {
    await Promise.all(pools.map((pool) => pool.close()));
    throw error;
  }
}

/** Resolves when the signal is aborted; never without one. */
function whenAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
