/** Sends tasks to a gateway. */
import type { Canvas } from "./canvas.ts";
import { type ApiError, apiError } from "./errors.ts";
import { type Accepted, Task, type WaitOptions, Workflow } from "./handles.ts";
import { type ClientOptions, isObject, Transport } from "./transport.ts";

export type { ClientOptions } from "./transport.ts";

const DEFAULT_URL = "http://127.0.0.1:8420";

/** How one task is sent. */
export interface SubmitOptions {
  /** Keyword arguments. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly queue?: string;
  /** Time to wait before it runs: seconds, or an ISO 8601 duration. Not with `eta`. */
  readonly delay?: number | string;
  /** Earliest time to run; a string has an offset. */
  readonly eta?: Date | string;
  /** Latest time to start: seconds from now, an ISO 8601 duration, or a time. */
  readonly expires?: number | string | Date;
  /** 0 to 9, as the broker has it. */
  readonly priority?: number;
  readonly ignoreResult?: boolean;
  /** Words of your own, to find the task by. */
  readonly tags?: readonly string[];
  /** What happens to a second task that means the same work. */
  readonly dedupe?: {
    readonly key: string;
    readonly window?: number | string;
    readonly mode?: "return" | "reject" | "replace" | "requeue-last";
  };
  /** Who is told how the task ends, with a signed webhook. */
  readonly callback?: {
    readonly url?: string;
    readonly endpoint?: string;
    readonly on?: readonly ("success" | "failure" | "revoked" | "retried")[];
    readonly mode?: "full" | "thin";
    readonly format?: "webhook" | "cloudevents";
  };
  /** Stands for this request, so that it is done once however often it is sent. Default: a random one for each call. */
  readonly idempotencyKey?: string;
}

/** A task of a batch. */
export interface BatchItem extends SubmitOptions {
  readonly task: string;
  readonly args?: readonly unknown[];
}

/** What became of a task of a batch. */
export type BatchAnswer =
  | { readonly status: number; readonly task: Task; readonly problem?: undefined }
  | { readonly status: number; readonly task?: undefined; readonly problem: ApiError };

export interface BatchOptions {
  /** Of the whole request. Default: a random one. */
  readonly idempotencyKey?: string;
  /** Send all or none: one that is not good refuses them all. Default false. */
  readonly strict?: boolean;
}

export interface WorkflowOptions {
  readonly idempotencyKey?: string;
}

export class Client {
  readonly #transport: Transport;

  /** `key`: an API key or token; none where the gateway asks for none. */
  constructor(url: string = DEFAULT_URL, key?: string, options: ClientOptions = {}) {
    this.#transport = new Transport(url, key, options);
  }

  /** As the variables CELERITY_URL and CELERITY_API_KEY say. */
  static fromEnv(options: ClientOptions = {}): Client {
    const { process } = globalThis as { process?: { env: Readonly<Record<string, string | undefined>> } };
    return new Client(
      process?.env["CELERITY_URL"] || undefined,
      process?.env["CELERITY_API_KEY"] || undefined,
      options,
    );
  }

  /** Resolves once the broker has the task. `T` is what it returns. */
  async submit<T = unknown>(
    task: string,
    args: readonly unknown[] = [],
    { idempotencyKey, ...options }: SubmitOptions = {},
  ): Promise<Task<T>> {
    return new Task<T>(
      this.#transport,
      await this.#post("/v1/tasks", taskBody(task, args, options), idempotencyKey),
    );
  }

  /** Sends a task and waits for what it returns. Throws TaskFailedError, TaskRevokedError, WaitTimeoutError. */
  async call<T = unknown>(
    task: string,
    args: readonly unknown[] = [],
    { timeout, signal, ...options }: SubmitOptions & WaitOptions = {},
  ): Promise<T> {
    const sent = await this.submit<T>(task, args, options);
    return await sent.result({ ...(timeout === undefined ? {} : { timeout }), ...(signal && { signal }) });
  }

  /** A task that was sent before. */
  task<T = unknown>(id: string): Task<T> {
    return new Task<T>(this.#transport, { id });
  }

  /** Up to 1000 tasks in one request. The answers are in the order of the items. */
  async batch(
    items: readonly BatchItem[],
    { idempotencyKey, strict }: BatchOptions = {},
  ): Promise<BatchAnswer[]> {
    const body = items.map(({ task, args = [], idempotencyKey: key, ...options }) => ({
      ...taskBody(task, args, options),
      idempotency_key: key,
    }));
    const headers = strict === true ? { prefer: "handling=strict" } : {};
    const { items: answers } = await this.#post<BatchAnswers>(
      "/v1/tasks:batch",
      body,
      idempotencyKey,
      headers,
    );
    return answers.map(({ status, problem, ...accepted }) =>
      isObject(problem)
        ? { status, problem: apiError(status, problem) }
        : { status, task: new Task(this.#transport, accepted) },
    );
  }

  /** Sends a whole workflow; resolves once the broker has all that starts it. */
  async workflow<T = unknown>(
    canvas: Canvas,
    { idempotencyKey }: WorkflowOptions = {},
  ): Promise<Workflow<T>> {
    return new Workflow<T>(this.#transport, await this.#post("/v1/workflows", canvas, idempotencyKey));
  }

  /** A workflow that was sent before, by the id of its last or its first result. */
  workflowOf<T = unknown>(id: string): Workflow<T> {
    return new Workflow<T>(this.#transport, { id });
  }

  /** `A` is what the gateway's OpenAPI document says of the answer. */
  async #post<A = Accepted>(
    path: string,
    body: unknown,
    key: string = crypto.randomUUID(),
    more: Readonly<Record<string, string>> = {},
  ): Promise<A> {
    const headers = { "idempotency-key": key, ...more };
    return (await this.#transport.send({ method: "POST", path, body, headers })).body as A;
  }
}

interface BatchAnswers {
  readonly items: readonly (Accepted & { readonly status: number; readonly problem?: unknown })[];
}

/** Under the gateway's names; what is undefined is left out of the JSON. Dates are written as RFC 3339. */
function taskBody(
  task: string,
  args: readonly unknown[],
  { ignoreResult, ...options }: SubmitOptions,
): Readonly<Record<string, unknown>> {
  return { task, args, ...options, ignore_result: ignoreResult };
}
