/** The gateway: connects the parts, and starts and stops them. */
import type { Express } from "express";
import type { App } from "../app/index.ts";
import { ConfigurationError } from "../protocol/index.ts";
import { Access } from "./access/access.ts";
import type { ApiKeys } from "./access/api-keys.ts";
import { AuditLog } from "./access/audit.ts";
import { Budget } from "./budget.ts";
import { createEventDoor } from "./cloudevents/event-door.ts";
import type { GatewayContext, Readiness } from "./context.ts";
import { DeadLetterBook } from "./dead-letters/dead-letter-book.ts";
import { ReplayDesk } from "./dead-letters/replay-desk.ts";
import { createMemoryReplayRecords } from "./dead-letters/replay-records.ts";
import { Dedupe } from "./dedupe/dedupe.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { EventStreams } from "./event-stream.ts";
import { Fleet } from "./fleet/fleet.ts";
import { FLOWER_ROUTES } from "./flower/index.ts";
import { HeldTasks } from "./held/held-tasks.ts";
import { holdAfterSeconds } from "./held/hold-policy.ts";
import { createHookDoor } from "./hooks/hook-door.ts";
import { Idempotency } from "./idempotency/idempotency.ts";
import { BrokerWatch } from "./lost/broker-watch.ts";
import { Losses } from "./lost/losses.ts";
import { GatewayFacts } from "./metrics/gateway-facts.ts";
import { createMetricsPage } from "./metrics/registry.ts";
import { createTaskIndex } from "./open-task-index.ts";
import { openapiOf } from "./openapi.ts";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLogger, type GatewayOptions } from "./options.ts";
import { createPublicSite } from "./public-site.ts";
import { QueueBook } from "./queues/queue-book.ts";
import { QueueControl } from "./queues/queue-control.ts";
import { createReadiness } from "./readiness.ts";
import { RequestWatch } from "./requests/request-watch.ts";
import { createRouter } from "./router.ts";
import { ROUTES } from "./routes/index.ts";
import { ScheduleBook } from "./schedules/schedule-book.ts";
import {
  createHandler,
  createHttpServer,
  type GatewayAddress,
  type Handler,
  type HttpServer,
  type ListenOptions,
  requireSafeHost,
  startListening,
  stopServer,
} from "./server.ts";
import { createStateStore } from "./state/open-state.ts";
import { stateOptionsOf } from "./state/state-options.ts";
import { createTaskCheck } from "./task-check.ts";
import { TaskFeed } from "./task-feed.ts";
import { TaskTypes } from "./task-types/task-types.ts";
import { Tracker } from "./tracker.ts";
import { Waits } from "./waits.ts";
import { Webhooks } from "./webhooks/webhooks.ts";
import { WorkflowIndex } from "./workflows/workflow-index.ts";

const DEFAULT_WAIT_MAX_SECONDS = 60;
/** Of workflows that only this process knows. */
const MAX_NODES_IN_MEMORY = 100_000;
const DEFAULT_IDEMPOTENCY_SECONDS = 86_400;
const DEFAULT_LOST_SECONDS = 7 * 86_400;

/** Opens nothing yet: listen() does, or the first request. */
export function createGateway(options: GatewayOptions): Gateway {
  return new Gateway(options);
}

export class Gateway {
  readonly app: App;
  /** For Node's http server, Connect or Express: `app.use("/celery", gateway.handler)`, before any body parser. */
  readonly handler: Handler;
  /** Asked for what no route has; mount pages of your own here. */
  readonly express: Express;
  readonly #options: GatewayOptions;
  readonly #context: GatewayContext;
  readonly #dispatcher: Dispatcher;
  #server: HttpServer | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.app = options.app;
    this.#context = createContext(options);
    this.#dispatcher = createDispatcher(
      createRouter(options.flowerApi === false ? ROUTES : [...ROUTES, ...FLOWER_ROUTES]),
      this.#context,
    );
    this.express = createPublicSite();
    this.handler = createHandler(this.#dispatcher, this.express);
  }

  /**
   * Serves on a port of its own; resolves when it accepts connections. Throws ConfigurationError when the port is taken,
   * or the address is open to strangers and neither access nor allowUnauthenticated is set.
   */
  async listen({ host = "127.0.0.1", port, tls }: ListenOptions): Promise<GatewayAddress> {
    if (this.#server !== undefined) throw new ConfigurationError("The gateway listens already.");
    if (this.#closing !== undefined) throw new ConfigurationError("The gateway is closed.");
    const { allowUnauthenticated = false } = this.#options;
    requireSafeHost(host, allowUnauthenticated || this.#context.access !== undefined);
    const { limits, state, index, taskTypes, heldTasks, brokerWatch } = this.#context;
    await state.open();
    await index.open();
    await taskTypes.open();
    await this.#context.webhooks.start();
    const server = createHttpServer(this.handler, this.#dispatcher, { host, limits, tls });
    const address = await startListening(server, { host, port });
    this.#server = server;
    if (!this.app.keepsResults) {
      this.#context.logger.warn({}, "No result backend is set: tasks can be sent, but not waited for");
    }
    heldTasks.start();
    brokerWatch.start();
    // Connects in the background, so that the first task need not wait for it.
    void this.#context.ready();
    if (this.#options.watchWorkers === true) {
      this.#context.fleet.watchTasks().catch((error: unknown) => {
        this.#context.logger.warn({ err: error }, "Events of workers cannot be received");
      });
    }
    return address;
  }

  /** The credentials in the gateway's state; undefined unless the option `access` asks for them. */
  get apiKeys(): ApiKeys | undefined {
    return this.#context.access?.apiKeys;
  }

  /** Whether tasks can be accepted: the broker answers. */
  ready(): Promise<Readiness> {
    return this.#context.ready();
  }

  /** Stops accepting, ends streams and waits, finishes running requests and writes the index. The app stays open. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const {
      streams,
      waits,
      tracker,
      taskFeed,
      state,
      index,
      schedules,
      fleet,
      heldTasks,
      brokerWatch,
      limits,
    } = this.#context;
    const stopped = this.#server === undefined ? undefined : stopServer(this.#server, limits.closeGraceMs);
    waits.close();
    streams.close();
    taskFeed.close();
    tracker.close();
    const held = heldTasks.close();
    await this.#context.replays.close();
    await fleet.close();
    await stopped;
    await held;
    await brokerWatch.close();
    await this.#context.webhooks.stop();
    await index.close();
    await schedules.close();
    await state.close();
    await this.#context.audit?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function createContext(options: GatewayOptions): GatewayContext {
  const { app } = options;
  const limits = { ...DEFAULT_GATEWAY_LIMITS, ...options.limits };
  const logger = options.logger ?? quietLogger(app);
  const onWarning = (message: string, error?: unknown): void => logger.warn({ err: error }, message);
  const place = { ...stateOptionsOf(options), onWarning };
  const index = options.taskIndex ?? createTaskIndex(place);
  const state = options.stateStore ?? createStateStore(place);
  const facts = new GatewayFacts();
  const tracker = new Tracker({
    app,
    index,
    onState: (task, state) => facts.taskState(task, state),
    onWarning,
  });
  const brokerWatch = new BrokerWatch({ app, state, onWarning });
  const held = new Budget("bytes of bodies are being read", limits.bodyBytesHeld);
  const webhooks = new Webhooks({
    ...(options.access?.publicUrl === undefined ? {} : { publicUrl: options.access.publicUrl }),
    ...options.webhooks,
    ...{ app, state, index, onWarning },
    onAttempt: (outcome) => facts.webhookAttempt(outcome),
    // With credentials, those of a caller say it.
    allowTraceback: options.allowTraceback === true && options.access === undefined,
    ...(options.egress === undefined ? {} : { egress: options.egress }),
  });
  const access =
    options.access && new Access(options.access, { state, bodyBytes: limits.bodyBytes, held, logger });
  let openapi: string | undefined;
  const context: GatewayContext = {
    app,
    access,
    audit:
      options.access === undefined && options.auditLog === undefined
        ? undefined
        : new AuditLog({ logger, ...(options.auditLog === undefined ? {} : { path: options.auditLog }) }),
    index,
    state,
    idempotency: new Idempotency({
      state,
      onWarning,
      keepMs: (options.idempotencySeconds ?? DEFAULT_IDEMPOTENCY_SECONDS) * 1000,
    }),
    dedupe: new Dedupe({ app, state }),
    taskTypes: new TaskTypes({ app, state, logger }),
    brokerWatch,
    losses: new Losses({
      app,
      broker: brokerWatch,
      boundMs: (options.lostAfterSeconds ?? DEFAULT_LOST_SECONDS) * 1000,
    }),
    heldTasks: new HeldTasks({ app, state, index, onWarning }),
    hooks: createHookDoor({ state, hooks: options.hooks, onWarning }),
    events: createEventDoor({ state, events: options.cloudEvents, onWarning }),
    holdAfterSeconds: options.holdAfterSeconds ?? holdAfterSeconds(app.settings),
    workflows: new WorkflowIndex({
      state,
      ...(options.stateUrl === undefined ? { maxNodes: MAX_NODES_IN_MEMORY } : {}),
    }),
    schedules: new ScheduleBook({ app, place: options.schedules, onWarning }),
    fleet: new Fleet({ app, enableEvents: options.enableTaskEvents ?? true, onWarning }),
    queues: new QueueBook({ app, queues: options.queues ?? [] }),
    queueControl: new QueueControl(app),
    deadLetters: new DeadLetterBook({ app, limit: limits.deadLetters }),
    replays: new ReplayDesk({ app, records: createMemoryReplayRecords(), onWarning }),
    webhooks,
    checkTask: createTaskCheck(app),
    revoke: options.revoke ?? ((taskIds, how) => app.revoke(taskIds, how)),
    limits,
    logger,
    tracker,
    taskFeed: new TaskFeed({ state, tracker, onWarning }),
    waits: new Waits(app, limits.waits),
    streams: new EventStreams({
      limit: limits.streams,
      heartbeatMs: limits.heartbeatMs,
      isWelcome: access && ((caller) => access.isStillValid(caller)),
    }),
    held,
    waitMaxSeconds: options.waitMaxSeconds ?? DEFAULT_WAIT_MAX_SECONDS,
    allowTraceback: options.allowTraceback === true && access === undefined,
    ready: createReadiness(app),
    facts,
    metricsPage: createMetricsPage(() => context),
    requests: new RequestWatch({ facts, logger, accessLog: options.accessLog ?? false }),
    openapi: () => {
      openapi ??= JSON.stringify(openapiOf(ROUTES));
      return openapi;
    },
  };
  return context;
}

/** Without a logger the app hears of trouble, and of nothing else. */
function quietLogger(app: App): GatewayLogger {
  const warn = (facts: object, message: string): void =>
    app.onWarning(message, "err" in facts ? facts.err : undefined);
  return { debug: () => undefined, info: () => undefined, warn, error: warn };
}
