/** Tasks and workflows that were sent. */

import type { TaskError } from "./errors.ts";
import { WaitTimeoutError } from "./errors.ts";
import { type EventsOptions, events, type GatewayEvent } from "./events.ts";
import { type Answer, retryAfter, sleep, type Transport } from "./transport.ts";

/** What is known of a task. */
export interface TaskInfo<T = unknown> {
  readonly id: string;
  readonly task?: string;
  readonly queue?: string;
  /** Celery's states, and SCHEDULED and LOST. */
  readonly state: string;
  /** It will not change any more. */
  readonly terminal: boolean;
  /** Only in SUCCESS. */
  readonly result?: T;
  /** What the task says of itself while it runs, such as its progress. */
  readonly meta?: unknown;
  readonly error?: TaskError;
  readonly retries?: number;
  readonly worker?: string;
  readonly tags?: readonly string[];
  readonly eta?: string;
  readonly submitted_at?: string;
  readonly done_at?: string;
}

/** What is known of a workflow. */
export interface WorkflowInfo<T = unknown> {
  readonly id: string;
  readonly state: string;
  readonly terminal: boolean;
  readonly total: number;
  /** Tasks by state. */
  readonly counts: Readonly<Record<string, number>>;
  readonly result?: T;
  readonly error?: TaskError;
  /** Id of the task that failed. */
  readonly failed_task?: string;
}

export interface WaitOptions {
  /** Seconds. Default: for as long as it takes. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface CancelOptions {
  /** End it also when it runs. */
  readonly terminate?: boolean;
  /** What its process gets; default SIGTERM. Tasks only. */
  readonly signal?: string;
}

/** A task. */
export class Task<T = unknown> {
  readonly id: string;
  /** The name of the task; undefined when only the id is known. */
  readonly task: string | undefined;
  /** The state when it was sent. */
  readonly state: string;
  /** None was sent: this one, with the same `dedupe` key, was there. */
  readonly deduplicated: boolean;
  readonly #transport: Transport;
  readonly #path: string;

  /** @internal */
  constructor(transport: Transport, { id, task, state, deduplicated }: Accepted) {
    this.id = id;
    this.task = task;
    this.state = state ?? "PENDING";
    this.deduplicated = deduplicated ?? false;
    this.#transport = transport;
    this.#path = `/v1/tasks/${encodeURIComponent(id)}`;
  }

  async get(): Promise<TaskInfo<T>> {
    return (await this.#transport.send({ method: "GET", path: this.#path })).body as TaskInfo<T>;
  }

  /** Resolves to the task once it has ended, however it did. Throws WaitTimeoutError. */
  async wait(options: WaitOptions = {}): Promise<TaskInfo<T>> {
    const isOver = ({ body }: Answer): boolean => (body as TaskInfo).terminal;
    return (await poll(this.#transport, this.id, this.#path, options, isOver)).body as TaskInfo<T>;
  }

  /** Waits for what the task returns. Throws TaskFailedError, TaskRevokedError, WaitTimeoutError. */
  async result(options: WaitOptions = {}): Promise<T> {
    const isOver = ({ status }: Answer): boolean => status !== 202;
    return (await poll(this.#transport, this.id, `${this.#path}/result`, options, isOver)).body as T;
  }

  /** Everything that happens to it, until it has ended. */
  events(options: EventsOptions = {}): AsyncGenerator<GatewayEvent, void, undefined> {
    return events(this.#transport, `${this.#path}/events`, options);
  }

  /** Calls it off. Throws ApiError `task-terminal` when it has ended. */
  async cancel(options: CancelOptions = {}): Promise<void> {
    await this.#transport.send({ method: "POST", path: `${this.#path}:revoke`, body: options });
  }
}

/** A workflow. Its id is that of its last result. */
export class Workflow<T = unknown> {
  readonly id: string;
  readonly #transport: Transport;
  readonly #path: string;

  /** @internal */
  constructor(transport: Transport, { id }: Accepted) {
    this.id = id;
    this.#transport = transport;
    this.#path = `/v1/workflows/${encodeURIComponent(id)}`;
  }

  async get(): Promise<WorkflowInfo<T>> {
    return (await this.#transport.send({ method: "GET", path: this.#path })).body as WorkflowInfo<T>;
  }

  /** Resolves to the workflow once it has ended, however it did. Throws WaitTimeoutError. */
  async wait(options: WaitOptions = {}): Promise<WorkflowInfo<T>> {
    const isOver = ({ body }: Answer): boolean => (body as WorkflowInfo).terminal;
    return (await poll(this.#transport, this.id, this.#path, options, isOver)).body as WorkflowInfo<T>;
  }

  /** What happens to its tasks, until all have ended. */
  events(options: EventsOptions = {}): AsyncGenerator<GatewayEvent, void, undefined> {
    return events(this.#transport, `${this.#path}/events`, options);
  }

  /** Calls off what has not ended. */
  async cancel({ terminate = false }: CancelOptions = {}): Promise<void> {
    await this.#transport.send({ method: "DELETE", path: `${this.#path}?terminate=${terminate}` });
  }
}

/** What the gateway says when it has taken something. */
export interface Accepted {
  readonly id: string;
  readonly task?: string;
  readonly state?: string;
  readonly deduplicated?: boolean;
}

async function poll(
  transport: Transport,
  id: string,
  path: string,
  { timeout = Number.POSITIVE_INFINITY, signal }: WaitOptions,
  isOver: (answer: Answer) => boolean,
): Promise<Answer> {
  const until = Date.now() + timeout * 1000;
  for (;;) {
    const begin = Date.now();
    const slice = Math.ceil(Math.min(transport.longestWait, Math.max(0, until - begin) / 1000));
    const answer = await transport.send({
      method: "GET",
      path,
      headers: { prefer: `wait=${slice}` },
      signal,
    });
    if (isOver(answer)) return answer;
    const now = Date.now();
    if (now >= until) throw new WaitTimeoutError(id, timeout);
    // A gateway that did not wait says when to ask again; one that did has let that time pass.
    const pause = (retryAfter(answer.headers) ?? 1) - (now - begin) / 1000;
    if (pause > 0) await sleep(Math.min(pause, (until - now) / 1000), signal);
  }
}
