/**
 * The worker: consumes queues, runs tasks, settles them. This file only connects the parts; each step of a task's way has
 * a file of its own (intake, scheduler, pool, settle).
 */

import { hostname } from "node:os";
import { type App, LamportClock, type WorkerEvent } from "../app/index.ts";
import type { Awaitable } from "../codecs/index.ts";
import { ConfigurationError, toError } from "../protocol/index.ts";
import type { QueueSpec, ReconnectingConnection } from "../transports/index.ts";
import { createAddToChord } from "./add-to-chord.ts";
import type { Bootstep } from "./bootstep.ts";
import { isBesidePool, registerBuiltins, runBesidePool } from "./builtins/index.ts";
import { cancelLost } from "./cancel-lost.ts";
import { type ChordJoiner, joinerOf } from "./chords/index.ts";
import { createFindDone, type FindDone } from "./duplicates.ts";
import { createEventSender, type EventSender } from "./events.ts";
import { createExecute } from "./execute.ts";
import { createHttpTasks, type HttpTasks } from "./http-tasks/index.ts";
import { createIntake } from "./intake.ts";
import type { Job } from "./job.ts";
import { JobFlow } from "./job-flow.ts";
import { Lane } from "./lane.ts";
import { consumedQueues, type LanePlan, planLanes } from "./lane-plans.ts";
import { createLostHandler, type LostHandler } from "./lost.ts";
import { nodeName } from "./node-name.ts";
import { type Outcome, timedOut } from "./outcome.ts";
import { createPark, type Park } from "./parking.ts";
import type { Pool, PoolOptions } from "./pool.ts";
import { createPool } from "./pools/index.ts";
import { parseRate, type RateTurns } from "./rate-limits.ts";
import { createRefuser, type Refuser } from "./refuse.ts";
import { RevokedTasks } from "./revoked.ts";
import { Scheduler } from "./scheduler.ts";
import { createSealCheck, type SealCheck } from "./seal-check.ts";
import { createSender, type Sender } from "./sender.ts";
import { createSettler, type Settler } from "./settle.ts";
import { type ShutdownSignals, shutDown } from "./shutdown.ts";
import type { Autoscaler } from "./steps/autoscaler.ts";
import type { Gossip } from "./steps/gossip.ts";
import { workerSteps } from "./steps/index.ts";
import { Suspects } from "./suspects.ts";
import { withTaskSignals } from "./task-signals.ts";
import { withTracing } from "./task-tracing.ts";
import { TimeLimits } from "./time-limits.ts";
import { verdictOf } from "./verdict.ts";
import type { WorkerLogger, WorkerOptions } from "./worker-options.ts";

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
  /** Resolves with the reason when remote control asks this worker to stop; stop() is up to whoever runs it. */
  readonly shutdownRequested: Promise<string>;
  /** Set by its step; undefined unless the pool scales by itself. */
  autoscaler: Autoscaler | undefined;
  /** Set by its step; undefined where workers cannot hear each other. */
  gossip: Gossip | undefined;
  readonly #options: WorkerOptions;
  readonly #flow: JobFlow = new JobFlow(this);
  readonly #httpTasks: HttpTasks | undefined;
  #connectionLives = 0;
  #connection: ReconnectingConnection | undefined;
  #pools: readonly Pool[] = [];
  #sealCheck: SealCheck | undefined;
  #parts: Parts | undefined;
  #fail: (error: Error) => void = () => undefined;
  #requestShutdown: (reason: string) => void = () => undefined;
  /** Steps that have started, the last one first. */
  readonly #started: Bootstep[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.app = options.app;
    registerBuiltins(this.app);
    this.hostname = nodeName(options.hostname, hostname());
    this.#httpTasks = createHttpTasks({
      app: this.app,
      hostname: this.hostname,
      onWait: (job) => this.#parts?.limits.stop(job),
    });
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.shutdownRequested = new Promise((resolve) => {
      this.#requestShutdown = resolve;
    });
    this.queues = consumedQueues(options);
  }

  /** Tasks ended, by name. */
  get total(): ReadonlyMap<string, number> {
    return this.#flow.total;
  }

  /** Tasks ended in all. */
  get processed(): number {
    return this.#flow.processed;
  }

  /** Connections to the broker so far. */
  get connectionLives(): number {
    return this.#connectionLives;
  }

  /** Tasks after which a process is replaced; undefined for never. */
  get maxTasksPerChild(): number | undefined {
    return this.#options.maxTasksPerChild ?? this.app.settings.workerMaxTasksPerChild ?? undefined;
  }

  /** Consumes one queue more. */
  async addQueue(queue: QueueSpec): Promise<void> {
    const { connection, lanes } = this.requireParts();
    await connection.declareQueue(queue);
    await lanes[0]?.addQueue(queue);
  }

  /** Consumes one queue less; what came from it is still run. */
  async cancelQueue(name: string): Promise<void> {
    await Promise.all(this.requireParts().lanes.map((lane) => lane.cancelQueue(name)));
  }

  /** Asks whoever runs this worker to stop it. */
  requestShutdown(reason: string): void {
    this.#requestShutdown(reason);
  }

  /** Told about tasks and trouble. */
  get logger(): WorkerLogger | undefined {
    return this.#options.logger;
  }

  /** The running parts. Throws ConfigurationError when there are none. */
  requireParts(): Parts {
    if (this.#parts !== undefined) return this.#parts;
    throw new ConfigurationError("The worker is not running.");
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
    this.app.signals.send("worker_init", () => this.#event);
    try {
      await this.#assemble();
    } catch (error) {
      await Promise.all([
        ...this.#pools.map((pool) => pool.close()),
        this.#connection?.close(),
        this.#httpTasks?.close(),
      ]);
      throw error;
    }
    try {
      for (const step of workerSteps(this.#options)) {
        await step.start(this);
        this.#started.unshift(step);
      }
    } catch (error) {
      await this.#shutDown({ cold: AbortSignal.abort(), now: undefined });
      throw error;
    }
    this.app.signals.send("worker_ready", () => this.#event);
  }

  /** Connects, and makes all parts; nothing is consumed yet. */
  async #assemble(): Promise<void> {
    const { app } = this;
    const warn = (message: string, error?: unknown): void => this.warn(message, error);
    const plans = planLanes(this.#options);
    const pools = await Promise.all(
      plans.map((plan) =>
        this.#createPool(plan, {
          execute: (job) => execute(job),
          updateState: (job, state, meta) => settler.storeState(job, state, meta),
        }),
      ),
    );
    this.#pools = pools;
    // Processes take as long to start as all the rest: the step `pool` waits for them.
    const poolsReady = Promise.all(pools.map((pool) => pool.start?.()));
    const poolsFailed = poolsReady.then(() => new Promise<never>(() => undefined));
    poolsFailed.catch(() => undefined);
    const backend = app.keepsResults ? await app.backend() : undefined;
    const sealCheck = await createSealCheck({ app, onWarning: warn });
    this.#sealCheck = sealCheck;
    const sender = createSender({ app, sealCheck, onWarning: warn });
    const joiner = backend && joinerOf(app, backend, warn);
    const settler = createSettler({
      app,
      hostname: this.hostname,
      backend,
      sealCheck,
      sender,
      joiner,
      onWarning: warn,
    });
    const observed = (run: (job: Job) => Awaitable<Outcome>): ((job: Job) => Awaitable<Outcome>) =>
      withTracing(
        withTaskSignals(run, { signals: app.signals, hostname: this.hostname }),
        app.settings.brokerUrl,
      );
    const execute = observed(
      createExecute<Job>({
        hostname: this.hostname,
        updateState: settler.storeState,
        addToChord: createAddToChord(app),
      }),
    );
    const executeBuiltin = observed(runBesidePool);
    const httpTasks = this.#httpTasks;
    const callUrl = httpTasks && observed((job) => httpTasks.execute(job));
    const connection = await app.openConnection({
      use: "consume",
      onConnected: (life) => {
        this.#connectionLives = life;
      },
      onLost: () => this.#onConnectionLost(),
    });
    this.#connection = connection;
    if (this.#stopping !== undefined) await connection.close();
    await Promise.race([connection.untilConnected(), poolsFailed]);
    for (const queue of this.queues) await connection.declareQueue(queue);
    const events = createEventSender({
      connection,
      hostname: this.hostname,
      clock: this.clock,
      serializer: app.codecs.serializer(app.settings.eventSerializer),
      exchange: app.settings.eventExchange,
      taskEvents: this.#options.taskEvents ?? app.settings.workerSendTaskEvents,
      onUncarried: this.#options.onUncarriedEvent,
      verdict: (job, outcome) => verdictOf({ job, outcome }, app),
      load: () => ({ active: this.jobs.active.length, processed: this.processed }),
      onHeartbeat: () => app.signals.send("heartbeat_sent", () => this.#event),
      onWarning: warn,
    });
    const limits = new TimeLimits({
      soft: this.#options.softTimeLimit ?? app.settings.taskSoftTimeLimit ?? undefined,
      hard: this.#options.timeLimit ?? app.settings.taskTimeLimit ?? undefined,
      onHard: (job, seconds) => {
        this.endByForce(job, timedOut(seconds), new Error(`The time limit of ${seconds} s has passed.`));
      },
    });
    const { workerRateLimitStore: rateStore } = app.settings;
    const rateTurns =
      rateStore === null ? undefined : (await import("./cluster-rate.ts")).createClusterRate(rateStore);
    const lanes = plans.map(({ queues }, at) => {
      const pool = pools[at] as Pool;
      const scheduler = new Scheduler({
        pool,
        ...(httpTasks === undefined ? {} : { isBeside: (job) => httpTasks.serves(job) }),
        run: (job, onStart) => {
          if (callUrl !== undefined && httpTasks?.serves(job) === true) {
            return httpTasks.inTurn(job, () => {
              const refused = scheduler.refusal(job);
              if (refused !== undefined) return refused;
              onStart(job);
              return callUrl(job);
            });
          }
          if (!isBesidePool(job.task)) return pool.run(job, onStart);
          onStart(job);
          return executeBuiltin(job);
        },
        limits,
        rateLimit: parseRate(app.settings.taskDefaultRateLimit),
        disableRateLimits: app.settings.workerDisableRateLimits,
        rateTurns,
        onWarning: warn,
        onStart: (job) => this.#flow.started(job, settler, events),
        onEnd: (job, outcome) => this.#flow.ended(job, outcome, settler, events),
        isRevoked: ({ request }) => this.revoked.has(request.id) || this.revoked.hasStampOf(request.headers),
      });
      return new Lane({
        pool,
        scheduler,
        connection,
        queues,
        prefetchMultiplier:
          this.#options.prefetchMultiplier ??
          (app.settings.workerDisablePrefetch ? 1 : app.settings.workerPrefetchMultiplier),
        reducesPrefetch: app.settings.workerEnablePrefetchCountReduction,
        etaLimit: app.settings.workerEtaTaskLimit,
        besideLimit: httpTasks?.capacity ?? 0,
        onDeliveries: (deliveries) => this.#flow.takeIn(deliveries, scheduler),
        onFailed: (error) => this.#fail(toError(error)),
      });
    });
    const suspects = new Suspects({
      sender,
      backend,
      storeStarted: (job, note) => this.#flow.storeStarted(job, settler, note),
      onWarning: warn,
    });
    const park = createPark({
      afterSeconds: app.settings.workerEtaParkAfter,
      etaLimit: app.settings.workerEtaTaskLimit,
      sealCheck,
    });
    const refuser = createRefuser({ app, hostname: this.hostname, backend, sealCheck, onWarning: warn });
    const lostHandler = createLostHandler({ app, settler, refuser, events, sender });
    this.#parts = {
      poolsReady,
      rateTurns,
      httpTasks,
      sealCheck,
      park,
      settler,
      refuser,
      lostHandler,
      sender,
      joiner,
      suspects,
      findDone: createFindDone({ app, backend, onWarning: warn }),
      connection,
      events,
      limits,
      lanes,
      intake: createIntake({ app, sealCheck, runsAnyTask: pools.some((pool) => pool.runsAnyTask === true) }),
    };
  }

  #createPool(plan: LanePlan, runs: Pick<PoolOptions, "execute" | "updateState">): Promise<Pool> {
    const { settings } = this.app;
    const given = this.#options;
    return createPool(plan.pool, {
      ...runs,
      concurrency: plan.concurrency,
      appModule: given.appModule,
      target: undefined,
      poolSecrets: settings.workerPoolSecrets,
      maxBytes: settings.messageMaxBytes,
      hostname: this.hostname,
      childConcurrency: given.childConcurrency ?? settings.workerChildConcurrency,
      maxTasksPerChild: given.maxTasksPerChild ?? settings.workerMaxTasksPerChild,
      maxMemoryPerChild: given.maxMemoryPerChild ?? settings.workerMaxMemoryPerChild,
      onWarning: (message, error) => this.warn(message, error),
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

  /** What the lost connection brought is handed out again, by it or by others. */
  #onConnectionLost(): void {
    for (const lane of this.#parts?.lanes ?? []) lane.onConnectionLost();
    this.#httpTasks?.dropLost();
    if (!this.app.settings.workerCancelLongRunningTasksOnConnectionLoss) return;
    for (const job of this.jobs.active) if (job.acksLate) cancelLost(job, this);
  }

  /** Tells whoever listens about trouble. */
  warn(message: string, error?: unknown): void {
    if (this.#options.logger === undefined) this.app.onWarning(message, error);
    else this.#options.logger.warn({ err: error }, message);
  }

  /**
   * Warm shutdown: takes nothing new, gives back what was not started, finishes and settles what runs. An aborted `cold`
   * makes it cold, after the soft phase that the settings may allow; an aborted `now` ends that. Twice is fine.
   */
  stop(cold?: AbortSignal, now?: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop({ cold, now });
    return this.#stopping;
  }

  async #stop(signals: ShutdownSignals): Promise<void> {
    // A worker that still waits for its broker has nothing to drain.
    if (this.#parts === undefined) await this.#connection?.close();
    await this.#starting?.catch(() => undefined);
    if (this.#parts === undefined) return this.#sealCheck?.close();
    await this.#shutDown(signals);
  }

  async #shutDown(signals: ShutdownSignals): Promise<void> {
    if (this.#parts === undefined) return;
    this.app.signals.send("worker_shutting_down", () => this.#event);
    await shutDown(this.#parts, this.app.settings, signals, async () => {
      for (const step of this.#started) await step.stop?.(this);
    });
    this.#parts = undefined;
    this.app.signals.send("worker_shutdown", () => this.#event);
  }

  get #event(): WorkerEvent {
    return { hostname: this.hostname };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** What a started worker consists of. */
export interface Parts {
  /** Resolves when all pools can run tasks; rejects when one never will. */
  readonly poolsReady: Promise<unknown>;
  readonly rateTurns: RateTurns | undefined;
  /** undefined: switched off. */
  readonly httpTasks: HttpTasks | undefined;
  readonly sealCheck: SealCheck | undefined;
  readonly park: Park;
  readonly settler: Settler;
  readonly refuser: Refuser;
  readonly lostHandler: LostHandler;
  readonly sender: Sender;
  /** undefined: no results are kept. */
  readonly joiner: ChordJoiner | undefined;
  readonly suspects: Suspects;
  readonly findDone: FindDone;
  readonly connection: ReconnectingConnection;
  readonly events: EventSender;
  readonly limits: TimeLimits;
  /** One for each pool. */
  readonly lanes: readonly Lane[];
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
