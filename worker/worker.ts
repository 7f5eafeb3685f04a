/**
 * The worker: consumes queues, runs tasks, settles them. This file only connects the parts; each step of a task's way has
 * a file of its own (intake, scheduler, pool, settle).
 */
import { hostname } from "node:os";
import type { App } from "../app/index.ts";
import { ConfigurationError, toError } from "../protocol/index.ts";
import {
  type Delivery,
  type QueueSpec,
  type ReconnectingConnection,
  splitBrokerUrls,
} from "../transports/index.ts";
import { Autoscaler } from "./autoscaler.ts";
import { type ControlNode, createControlNode } from "./control/control-node.ts";
import { describeOutcome } from "./describe-outcome.ts";
import { createEventSender, type EventSender } from "./events.ts";
import { createExecute } from "./execute.ts";
import { Gossip } from "./gossip.ts";
import { createIntake, isRefusal, type Refusal } from "./intake.ts";
import type { Job } from "./job.ts";
import { LamportClock } from "./lamport-clock.ts";
import { Lane } from "./lane.ts";
import { consumedQueues, type LanePlan, planLanes } from "./lane-plans.ts";
import { createLostHandler, type LostHandler } from "./lost.ts";
import { mingle } from "./mingle.ts";
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
import { type ShutdownSignals, shutDown } from "./shutdown.ts";
import { TimeLimits } from "./time-limits.ts";
import type { WorkerOptions } from "./worker-options.ts";

const EVENT_EXCHANGE = "celeryev";

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
  readonly #options: WorkerOptions;
  readonly #total = new Map<string, number>();
  #processed = 0;
  #connection: ReconnectingConnection | undefined;
  #parts: Parts | undefined;
  #fail: (error: Error) => void = () => undefined;
  #requestShutdown: (reason: string) => void = () => undefined;
  #autoscaler: Autoscaler | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.app = options.app;
    this.hostname = nodeName(options.hostname, hostname());
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
    return this.#total;
  }

  /** Tasks ended in all. */
  get processed(): number {
    return this.#processed;
  }

  /** undefined unless the pool scales by itself. */
  get autoscaler(): Autoscaler | undefined {
    return this.#autoscaler;
  }

  /** Tasks after which a process is replaced; undefined for never. */
  get maxTasksPerChild(): number | undefined {
    return this.#options.maxTasksPerChild ?? this.app.settings.workerMaxTasksPerChild ?? undefined;
  }

  /** Consumes one queue more. */
  async addQueue(queue: QueueSpec): Promise<void> {
    const { connection, lanes } = this.#requireParts();
    await connection.declareQueue(queue);
    await lanes[0]?.addQueue(queue);
  }

  /** Consumes one queue less; what came from it is still run. */
  async cancelQueue(name: string): Promise<void> {
    await Promise.all(this.#requireParts().lanes.map((lane) => lane.cancelQueue(name)));
  }

  /** Asks whoever runs this worker to stop it. */
  requestShutdown(reason: string): void {
    this.#requestShutdown(reason);
  }

  #requireParts(): Parts {
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
    const { app } = this;
    const warn = (message: string, error?: unknown): void => this.#warn(message, error);
    const backend = app.keepsResults ? await app.backend() : undefined;
    const sealCheck = await createSealCheck({ app, onWarning: warn });
    const settler = createSettler({ app, hostname: this.hostname, backend, sealCheck, onWarning: warn });
    const execute = createExecute<Job>({ hostname: this.hostname, updateState: settler.storeState });
    const plans = planLanes(this.#options);
    const pools = await startPools(plans.map((plan) => this.#createPool(plan, execute, settler)));
    const connection = await app.openConnection();
    this.#connection = connection;
    if (this.#stopping !== undefined) await connection.close();
    await connection.untilConnected();
    for (const queue of this.queues) await connection.declareQueue(queue);
    if (this.#isInCompany(connection) && this.#options.mingle !== false) {
      const neighbours = await mingle(this, connection);
      this.#options.logger?.debug({ neighbours }, `mingle: ${neighbours.length} neighbours`);
    }
    const events = createEventSender({
      connection,
      hostname: this.hostname,
      clock: this.clock,
      exchange: EVENT_EXCHANGE,
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
        isRevoked: ({ request }) => this.revoked.has(request.id) || this.revoked.hasStampOf(request.headers),
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
    const gossip = await this.#startGossip(connection, events);
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
      gossip,
      intake: createIntake({ app, sealCheck }),
    };
    events.start();
    for (const lane of lanes) lane.start();
    this.#autoscaler = this.#createAutoscaler(lanes[0]);
    this.#autoscaler?.start();
  }

  /** Can there be other workers, and can one talk to them? A broker in memory has this process alone. */
  #isInCompany({ capabilities }: ReconnectingConnection): boolean {
    const [first = ""] = splitBrokerUrls(this.app.settings.brokerUrl);
    return capabilities.exchangeTypes.includes("fanout") && !first.startsWith("memory");
  }

  async #startGossip(connection: ReconnectingConnection, events: EventSender): Promise<Gossip | undefined> {
    const type = connection.capabilities.eventExchangeType;
    if (type === undefined || !this.#isInCompany(connection) || this.#options.gossip === false)
      return undefined;
    const gossip = new Gossip({
      app: this.app,
      connection,
      hostname: this.hostname,
      clock: this.clock,
      events,
      onNode: (node, what) => this.#options.logger?.debug({ node }, `${node} ${what}`),
    });
    await gossip.start(EVENT_EXCHANGE, type);
    return gossip;
  }

  #createAutoscaler(lane: Lane | undefined): Autoscaler | undefined {
    const { autoscale } = this.#options;
    if (autoscale === undefined || lane === undefined) return undefined;
    if (lane.pool.resize === undefined) {
      throw new ConfigurationError(
        `The ${lane.pool.name} pool has a fixed size; autoscale needs prefork or threads.`,
      );
    }
    const { connection } = this.#requireParts();
    return new Autoscaler({
      lane,
      ...autoscale,
      queueSize: (queue) => connection.queueSize(queue),
      onWarning: (message, error) => this.#warn(message, error),
    });
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
    if (this.#parts === undefined) return;
    this.#autoscaler?.stop();
    await shutDown(this.#parts, this.app.settings, signals);
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
  readonly gossip: Gossip | undefined;
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
