/** Callbacks: tells URLs how tasks end. What is promised here outlives this process, as far as the gateway's state does. */
import type { App } from "../../app/index.ts";
import { createEgress, type Egress, type EgressOptions } from "../../egress/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { VERSION } from "../../version.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import type { StateStore } from "../state/state-store.ts";
import type { TaskEntry, TaskIndex } from "../task-index.ts";
import { type Audience, type Callback, DEFAULT_EVENTS, type Target } from "./callback.ts";
import { Deliverer } from "./deliverer.ts";
import type { Delivery } from "./delivery.ts";
import { DeliveryLog } from "./delivery-log.ts";
import { EndpointBook } from "./endpoint-book.ts";
import { EndpointDesk, requireCallable } from "./endpoint-desk.ts";
import { DEFAULT_WEBHOOK_SETTINGS, type WebhookOptions, type WebhookSettings } from "./options.ts";
import { tenantPrefix } from "./places.ts";
import { SecretBook } from "./secret-book.ts";
import { Watcher } from "./watcher.ts";

export interface WebhooksOptions extends WebhookOptions {
  readonly app: App;
  readonly state: StateStore;
  readonly index: TaskIndex;
  readonly allowTraceback: boolean;
  /** Which addresses may be called. */
  readonly egress?: EgressOptions;
  /** Called with one word for how each attempt ended. */
  readonly onAttempt?: (outcome: string, delivery: Delivery) => void;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export class Webhooks {
  readonly endpoints: EndpointBook;
  readonly desk: EndpointDesk;
  readonly log: DeliveryLog;
  readonly secrets: SecretBook;
  readonly #app: App;
  readonly #egress: Egress;
  readonly #allowTraceback: boolean;
  readonly #deliverer: Deliverer;
  readonly #watcher: Watcher;
  #starting: Promise<void> | undefined;

  /** Throws ConfigurationError for secrets, keys and networks that cannot be read. */
  constructor(options: WebhooksOptions) {
    const { app, state, index, allowTraceback, egress = {}, onWarning, now = Date.now } = options;
    const settings: WebhookSettings = { ...DEFAULT_WEBHOOK_SETTINGS, ...options };
    const publicUrl = (options.publicUrl ?? "").replace(/\/$/, "");
    if (publicUrl !== "" && !URL.canParse(publicUrl))
      throw new ConfigurationError(`"publicUrl" must be a URL, not "${publicUrl}".`);
    const reachesPrivate = [egress.allowCidrs, egress.allowHosts].some(
      (allowed) => (allowed?.length ?? 0) > 0,
    );
    this.#app = app;
    this.#allowTraceback = allowTraceback;
    this.#egress = createEgress({ userAgent: `celerity/${VERSION}`, ...egress });
    this.endpoints = new EndpointBook(state, onWarning);
    this.secrets = new SecretBook(state, options);
    this.log = new DeliveryLog(state, { retentionMs: settings.retentionSeconds * 1000, now });
    const shared = { state, log: this.log, endpoints: this.endpoints, settings, now, onWarning };
    this.#deliverer = new Deliverer({
      ...shared,
      secrets: this.secrets,
      egress: this.#egress,
      keepAnswers: options.keepAnswers ?? !reachesPrivate,
      onAttempt: options.onAttempt ?? (() => undefined),
    });
    this.#watcher = new Watcher({
      ...shared,
      ...{ app, index, publicUrl, deliverer: this.#deliverer },
    });
    this.desk = new EndpointDesk({
      ...{ book: this.endpoints, log: this.log, deliverer: this.#deliverer, egress: this.#egress },
      ...{ settings, publicUrl, allowTraceback, now },
      origin: publicUrl === "" ? "celerity" : new URL(publicUrl).host,
    });
  }

  /** Takes up what was left to do, and what other gateways leave. Twice is fine. */
  start(): Promise<void> {
    this.#starting ??= this.endpoints.start().then(
      () => {
        this.#watcher.start();
        this.#deliverer.start();
      },
      (error: unknown) => {
        this.#starting = undefined;
        throw error;
      },
    );
    return this.#starting;
  }

  /**
   * Who is to be told of the tasks of a request: its callback, and endpoints of the caller's tenant. Resolves with undefined for nobody. Throws Problem `invalid-arguments`, `blocked-address`, `unknown-endpoint`.
   */
  async check(exchange: Exchange, callback?: Callback): Promise<Audience | undefined> {
    await this.start();
    const { caller, base } = exchange;
    const target = await this.#target(exchange, callback);
    if (target === undefined && this.endpoints.subscribers(caller.tenant).length === 0) return undefined;
    return {
      tenant: caller.tenant,
      base,
      trace: traceOf(exchange),
      ...(target === undefined ? {} : { callback: target }),
    };
  }

  /** False when `check` would find nobody: a request without a callback need not wait for it. */
  concerns({ caller }: Exchange, callback: Callback | undefined): boolean {
    if (callback !== undefined || this.#starting === undefined) return true;
    return this.endpoints.subscribers(caller.tenant).length > 0;
  }

  /**
   * Resolves when it is certain that the audience will be told how the task ends; publish it then. Throws Problem
   * `results-disabled` when nobody will ever know, `temporary-reduced-capacity` when too many tasks are watched.
   */
  async register(entry: TaskEntry, { tenant, base, trace, callback }: Audience): Promise<void> {
    if (callback !== undefined) this.#requireKnowable(entry);
    const subscribed = this.endpoints
      .subscribers(tenant)
      .filter(({ endpoint, wants }) => endpoint.name !== callback?.endpoint && wants(entry))
      .map(
        ({ endpoint: { name, subscribe, mode, format, traceback } }): Target => ({
          endpoint: name,
          on: subscribe?.on ?? DEFAULT_EVENTS,
          ...{ mode, format, traceback },
        }),
      );
    const targets = callback === undefined ? subscribed : [callback, ...subscribed];
    if (targets.length === 0 || !this.#isKnowable(entry)) return;
    await this.#watcher.watch({ entry, prefix: tenantPrefix(tenant), base, trace, targets });
  }

  /** Tells one more how a task ends that was sent before. Throws Problem `results-disabled` and `temporary-reduced-capacity`. */
  async join(entry: TaskEntry, { tenant, base, trace }: Audience, target: Target): Promise<void> {
    this.#requireKnowable(entry);
    await this.#watcher.join({ entry, prefix: tenantPrefix(tenant), base, trace, targets: [target] });
  }

  /** The task was not sent after all. */
  forget(taskId: string): Promise<void> {
    return this.#watcher.forget(taskId);
  }

  /** There is something to send. */
  wake(): void {
    this.#deliverer.wake();
  }

  /** How long the oldest delivery is due that nobody works on; 0 for none. */
  oldestDueSeconds(): Promise<number> {
    return this.#deliverer.oldestDueSeconds();
  }

  /** Leaves the rest to others, or to the next process. */
  async stop(): Promise<void> {
    this.endpoints.stop();
    await this.#watcher.stop();
    await this.#deliverer.stop();
    await this.#egress.close();
  }

  #isKnowable({ ignoreResult }: TaskEntry): boolean {
    return this.#app.keepsResults && !ignoreResult;
  }

  #requireKnowable(entry: TaskEntry): void {
    if (this.#isKnowable(entry)) return;
    throw new Problem("results-disabled", {
      detail: "No result of this task is kept, so that nobody can be told how it ends. Nothing was sent.",
    });
  }

  async #target({ caller }: Exchange, callback: Callback | undefined): Promise<Target | undefined> {
    if (callback === undefined) return undefined;
    const { url, endpoint: name, on = DEFAULT_EVENTS, mode, format } = callback;
    if ((url === undefined) === (name === undefined)) {
      throw invalid("/callback", 'A callback has either "url" or "endpoint"');
    }
    if (name !== undefined) {
      const endpoint = await this.endpoints.get(caller.tenant, name);
      const { traceback } = endpoint;
      return {
        endpoint: name,
        on,
        mode: mode ?? endpoint.mode,
        format: format ?? endpoint.format,
        traceback,
      };
    }
    requireCallable(this.#egress, url ?? "", "/callback/url");
    const traceback = this.#allowTraceback || caller.has("results:traceback");
    return {
      ...(url === undefined ? {} : { url }),
      on,
      ...{ mode: mode ?? "full", format: format ?? "webhook", traceback },
    };
  }
}

function invalid(pointer: string, detail: string): Problem {
  return new Problem("invalid-arguments", { detail, members: { errors: [{ pointer, detail }] } });
}

/** What CloudEvents carries of the request's trace. */
function traceOf({ req }: Exchange): Readonly<Record<string, string>> {
  const { traceparent, tracestate } = req.headers;
  return {
    ...(traceparent === undefined ? {} : { traceparent: String(traceparent) }),
    ...(traceparent === undefined || tracestate === undefined ? {} : { tracestate: String(tracestate) }),
  };
}
