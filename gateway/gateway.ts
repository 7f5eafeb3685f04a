/** The gateway: connects the parts, and starts and stops them. */
import type { Express } from "express";
import type { App } from "../app/index.ts";
import { ConfigurationError } from "../protocol/index.ts";
import type { ApiKeys } from "./access/api-keys.ts";
import type { GatewayContext, Readiness } from "./context.ts";
import { createContext } from "./create-context.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import type { WorkerEvent } from "./fleet/fleet.ts";
import { FLOWER_ROUTES } from "./flower/index.ts";
import { Listening } from "./history/listening.ts";
import type { GatewayOptions } from "./options.ts";
import { createPublicSite } from "./public-site.ts";
import { createRouter } from "./router.ts";
import { ROUTES } from "./routes/index.ts";
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
  #starting: Promise<void> | undefined;
  #isStarted = false;
  readonly #listening: Listening;
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
    this.#listening = new Listening({
      listen: () => this.#context.fleet.watchTasks(),
      logger: this.#context.logger,
    });
    this.express = createPublicSite();
    this.handler = this.#startFirst(createHandler(this.#dispatcher, this.express));
  }

  /** The first request to a handler begins what listen() would have begun; while that cannot be, requests say what is wrong. */
  #startFirst(handle: Handler): Handler {
    return (req, res, next) => {
      if (this.#isStarted || this.#closing !== undefined) return handle(req, res, next);
      void this.start()
        .catch((error: unknown) => this.#context.logger.warn({ err: error }, "The gateway cannot begin yet"))
        .then(() => handle(req, res, next));
    };
  }

  /**
   * Opens the state and begins what happens without requests: held tasks are sent, callbacks made. listen() does it, and
   * otherwise the first request. Rejects when the state cannot be opened. Twice is fine.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { state, index, taskTypes, webhooks, heldTasks, brokerWatch, fleet, history, logger } =
      this.#context;
    await state.open();
    await index.open();
    await history?.open();
    await taskTypes.open();
    await webhooks.start();
    if (this.#closing !== undefined) throw new ConfigurationError("The gateway is closed.");
    this.#isStarted = true;
    if (!this.app.keepsResults) {
      logger.warn({}, "No result backend is set: tasks can be sent, but not waited for");
    }
    heldTasks.start();
    brokerWatch.start();
    // Connects in the background, so that the first task need not wait for it.
    void this.#context.ready();
    if (history?.settings.observed === true) this.#listening.start();
    if (this.#options.watchWorkers === true) {
      fleet.watchTasks().catch((error: unknown) => {
        logger.warn({ err: error }, "Events of workers cannot be received");
      });
    }
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
    await this.start();
    const { limits } = this.#context;
    const server = createHttpServer(this.handler, this.#dispatcher, { host, limits, tls });
    const address = await startListening(server, { host, port });
    this.#server = server;
    return address;
  }

  /** The credentials in the gateway's state; undefined unless the option `access` asks for them. */
  get apiKeys(): ApiKeys | undefined {
    return this.#context.access?.apiKeys;
  }

  /** An event of a task, from a worker in this process: the broker carries none (`onUncarriedEvent` of a worker). */
  hear(event: WorkerEvent): void {
    this.#context.fleet.hear(event);
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
      history,
      limits,
    } = this.#context;
    this.#listening.close();
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
    await history?.close();
    await index.close();
    await schedules.close();
    await this.#context.idempotency.close();
    await state.close();
    await this.#context.audit?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
