/** The gateway: connects the parts, and starts and stops them. */
import type { Server } from "node:http";
import type { Express } from "express";
import type { App } from "../app/index.ts";
import { ConfigurationError } from "../protocol/index.ts";
import { Budget } from "./budget.ts";
import type { GatewayContext, Readiness } from "./context.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { EventStreams } from "./event-stream.ts";
import { openapiOf } from "./openapi.ts";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLogger, type GatewayOptions } from "./options.ts";
import { createPublicSite } from "./public-site.ts";
import { createReadiness } from "./readiness.ts";
import { createRouter } from "./router.ts";
import { ROUTES } from "./routes/index.ts";
import { ScheduleBook } from "./schedules/schedule-book.ts";
import {
  createHandler,
  createHttpServer,
  type GatewayAddress,
  type Handler,
  type ListenOptions,
  requireSafeHost,
  startListening,
  stopServer,
} from "./server.ts";
import { createSqlTaskIndex } from "./sql-task-index.ts";
import { createTaskCheck } from "./task-check.ts";
import { createMemoryTaskIndex, type TaskIndex } from "./task-index.ts";
import { Tracker } from "./tracker.ts";
import { Waits } from "./waits.ts";
import { createWorkflowIndex } from "./workflows/workflow-index.ts";

const DEFAULT_WAIT_MAX_SECONDS = 60;

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
  #server: Server | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.app = options.app;
    this.#context = createContext(options);
    this.#dispatcher = createDispatcher(createRouter(ROUTES), this.#context);
    this.express = createPublicSite();
    this.handler = createHandler(this.#dispatcher, this.express);
  }

  /**
   * Serves on a port of its own; resolves when it accepts connections. Throws ConfigurationError when the port is taken,
   * or the address is open to strangers and allowUnauthenticated is not set.
   */
  async listen({ host = "127.0.0.1", port }: ListenOptions): Promise<GatewayAddress> {
    if (this.#server !== undefined) throw new ConfigurationError("The gateway listens already.");
    if (this.#closing !== undefined) throw new ConfigurationError("The gateway is closed.");
    const { allowUnauthenticated = false } = this.#options;
    requireSafeHost(host, allowUnauthenticated);
    const { limits, index, workflows } = this.#context;
    await index.open();
    await workflows.open();
    const server = createHttpServer(this.handler, this.#dispatcher, { host, limits });
    const address = await startListening(server, { host, port });
    this.#server = server;
    if (!this.app.keepsResults) {
      this.#context.logger.warn({}, "No result backend is set: tasks can be sent, but not waited for");
    }
    // Connects in the background, so that the first task need not wait for it.
    void this.#context.ready();
    return address;
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
    const { streams, waits, tracker, index, workflows, schedules, limits } = this.#context;
    const stopped = this.#server === undefined ? undefined : stopServer(this.#server, limits.closeGraceMs);
    waits.close();
    streams.close();
    tracker.close();
    await stopped;
    await index.close();
    await workflows.close();
    await schedules.close();
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
  const index = options.taskIndex ?? createTaskIndex(options.indexUrl, onWarning);
  let openapi: string | undefined;
  return {
    app,
    index,
    workflows: createWorkflowIndex({
      onWarning,
      ...(options.indexUrl === undefined ? {} : { url: options.indexUrl }),
    }),
    schedules: new ScheduleBook({ app, place: options.schedules, onWarning }),
    checkTask: createTaskCheck(app),
    revoke: options.revoke ?? ((taskIds, how) => app.revoke(taskIds, how)),
    limits,
    logger,
    tracker: new Tracker({ app, index, onWarning }),
    waits: new Waits(app, limits.waits),
    streams: new EventStreams({ limit: limits.streams, heartbeatMs: limits.heartbeatMs }),
    held: new Budget("bytes of bodies are being read", limits.bodyBytesHeld),
    waitMaxSeconds: options.waitMaxSeconds ?? DEFAULT_WAIT_MAX_SECONDS,
    allowTraceback: options.allowTraceback ?? false,
    ready: createReadiness(app),
    openapi: () => {
      openapi ??= JSON.stringify(openapiOf(ROUTES));
      return openapi;
    },
  };
}

function createTaskIndex(
  url: string | undefined,
  onWarning: (message: string, error?: unknown) => void,
): TaskIndex {
  return url === undefined ? createMemoryTaskIndex() : createSqlTaskIndex({ url, onWarning });
}

/** Without a logger the app hears of trouble, and of nothing else. */
function quietLogger(app: App): GatewayLogger {
  const warn = (facts: object, message: string): void =>
    app.onWarning(message, "err" in facts ? facts.err : undefined);
  return { debug: () => undefined, info: () => undefined, warn, error: warn };
}
