/**
 * Tasks that are URLs: `celerity.webhook` and `celery.http_dispatch`. They run in the worker's own process and take no place in
 * its pool; how many call at once, and how many wait for an answer, is bounded here. Off unless the setting httpTasks is on.
 */
import type { App, Task, TaskOptions } from "../../app/index.ts";
import { createEgress, type Egress } from "../../egress/index.ts";
import { isPlainObject } from "../../protocol/index.ts";
import { VERSION } from "../../version.ts";
import type { Job } from "../job.ts";
import { exceptionDocument, failure, type Outcome } from "../outcome.ts";
import { Breaker } from "./breaker.ts";
import { createCallHeaders } from "./call-headers.ts";
import { httpDispatch } from "./http-dispatch.ts";
import { createLateAnswers } from "./late-answers.ts";
import { Turns } from "./turns.ts";
import { runWebhook, type WebhookOptions } from "./webhook.ts";

const WEBHOOK = "celerity.webhook";
const HTTP_DISPATCH = "celery.http_dispatch";

/** What the tasks are like; taskAnnotations may change it. */
const TASKS: Readonly<Record<string, TaskOptions>> = {
  // One that stands in line, or waits for a later answer, lives in its message alone.
  [WEBHOOK]: { acksLate: true, maxRetries: 8, retryBackoff: 5, retryBackoffMax: 600 },
  [HTTP_DISPATCH]: { acksLate: true },
};

const registered = new WeakSet<Task>();

export interface HttpTasksOptions {
  readonly app: App;
  /** Node name of the worker. */
  readonly hostname: string;
  /** A job has called, and waits for its answer: its time limits do not count. */
  readonly onWait: (job: Job) => void;
}

/** Registers the tasks; undefined when they are switched off. Throws ConfigurationError for settings that do not fit. */
export function createHttpTasks(options: HttpTasksOptions): HttpTasks | undefined {
  const { app } = options;
  if (!app.settings.httpTasks) return undefined;
  for (const [name, taskOptions] of Object.entries(TASKS)) {
    if (app.tasks.has(name)) continue;
    app.task(name, { ...taskOptions, bind: false }, () => undefined);
    registered.add(app.tasks.get(name) as Task);
  }
  return new HttpTasks(options);
}

/** How a job ends here that goes back to its queue. */
const GIVEN_BACK: Outcome = {
  state: "REJECTED",
  requeue: true,
  exception: exceptionDocument("celery.exceptions", "Reject", "The worker stops."),
};

export class HttpTasks {
  /** Jobs taken beyond what the pool has room for. */
  readonly capacity: number;
  readonly #options: HttpTasksOptions;
  readonly #egress: Egress;
  readonly #turns: Turns;
  readonly #webhook: WebhookOptions;
  /** Ends the turns of jobs that call. */
  readonly #leave = new Map<Job, () => void>();
  readonly #waiting = new Map<Job, AbortController>();
  #isStopping = false;

  constructor(options: HttpTasksOptions) {
    const { app, hostname } = options;
    const { settings } = app;
    this.#options = options;
    this.capacity = settings.httpTasksInHand;
    this.#turns = new Turns({
      concurrency: settings.httpTasksConcurrency,
      perHost: settings.httpTasksPerHost,
    });
    this.#egress = createEgress({
      allowCidrs: settings.httpTasksAllowCidrs,
      allowHosts: settings.httpTasksAllowHosts,
      allowPorts: settings.httpTasksAllowPorts.map(Number),
      ...(settings.httpTasksProxy === null ? {} : { proxyUrl: settings.httpTasksProxy }),
      maxBytes: settings.httpTasksMaxBytes,
      connectionsPerHost: settings.httpTasksPerHost,
      userAgent: `celerity/${VERSION}`,
    });
    this.#webhook = {
      app,
      hostname,
      egress: this.#egress,
      breaker: new Breaker(),
      headersOf: createCallHeaders(app),
      lateAnswerOf: createLateAnswers(app),
      wait: (job, work) => this.#wait(job, work),
    };
  }

  /** True for the tasks that are run here. */
  serves({ task }: Job): boolean {
    return registered.has(task);
  }

  /** Begins a job when it is its turn. Never rejects. */
  async inTurn(job: Job, begin: () => Outcome | Promise<Outcome>): Promise<Outcome> {
    const leave = await this.#turns.take(hostOf(job));
    if (leave === undefined) return GIVEN_BACK;
    this.#leave.set(job, leave);
    try {
      // The broker has taken it back while it stood in line: another worker has it by now.
      if (job.delivery.lost) return { state: "IGNORED" };
      return await begin();
    } catch (error) {
      return failure(error);
    } finally {
      this.#endTurn(job);
    }
  }

  /** Makes the call of a job whose turn it is. Never rejects. */
  async execute(job: Job): Promise<Outcome> {
    job.abort ??= new AbortController();
    const { signal } = job.abort;
    try {
      signal.throwIfAborted();
      if (job.task.name === WEBHOOK) return await runWebhook(job, signal, this.#webhook);
      const { messageMaxDepth: maxDepth } = this.#options.app.settings;
      const outcome = await httpDispatch(job.request, this.#egress, { signal, maxDepth });
      signal.throwIfAborted();
      return outcome;
    } catch (error) {
      return failure(error);
    }
  }

  async #wait(job: Job, work: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
    this.#endTurn(job);
    this.#options.onWait(job);
    const controller = new AbortController();
    this.#waiting.set(job, controller);
    const asked = job.abort?.signal;
    const onAbort = (): void => controller.abort(asked?.reason);
    asked?.addEventListener("abort", onAbort, { once: true });
    if (asked?.aborted === true) onAbort();
    if (this.#isStopping) controller.abort();
    try {
      const outcome = await work(controller.signal);
      // Whoever has the message by now ends the task with the same answer.
      return job.delivery.lost ? { state: "IGNORED" } : outcome;
    } catch (error) {
      if (job.delivery.lost) return { state: "IGNORED" };
      if (this.#isStopping && asked?.aborted !== true) return GIVEN_BACK;
      throw error;
    } finally {
      asked?.removeEventListener("abort", onAbort);
      this.#waiting.delete(job);
    }
  }

  /** Ends waits for messages that a broken connection has taken back; they come again, here or elsewhere. */
  dropLost(): void {
    for (const [job, controller] of this.#waiting) if (job.delivery.lost) controller.abort();
  }

  #endTurn(job: Job): void {
    this.#leave.get(job)?.();
    this.#leave.delete(job);
  }

  /** Gives back what stands in line or waits for a later answer; calls that run are finished. */
  stop(): void {
    this.#isStopping = true;
    this.#turns.callOff();
    for (const controller of this.#waiting.values()) controller.abort();
  }

  /** Ends the connections. */
  close(): Promise<void> {
    return this.#egress.close();
  }
}

/** What its sender calls; jobs without a URL have a line of their own, at whose end they fail. */
function hostOf({ request: { args, kwargs } }: Job): string {
  const url = (isPlainObject(kwargs) ? kwargs["url"] : undefined) ?? args[0];
  return typeof url === "string" && URL.canParse(url) ? new URL(url).host : "";
}
