/** The result of one task, as its caller sees it. Named after Celery's AsyncResult (celery/result.py of 5.7). */
import type { WaitOptions } from "../../backends/index.ts";
import { fromResultTuple, isReady, type ResultDocument, type ResultNode } from "../../protocol/index.ts";
import { type Collected, type CollectOptions, collect, type Dependency, iterdeps } from "./dependencies.ts";
import { buildGraph, type GraphOptions, type ResultGraph } from "./graph.ts";
import { detailsOf, type ResultDetails } from "./result-details.ts";
import type { AnyResult, ResultHost, RevokeOptions } from "./result-host.ts";
import { failureOf, resultOf, type TaskError } from "./task-error.ts";
import { waitWithParents } from "./wait-with-parents.ts";

export interface GetOptions extends WaitOptions {
  /** False gives the {@link TaskError} as the value instead of throwing it. Default true. */
  readonly propagate?: boolean;
  /** False looks at this task alone: a failure of a step before it is not thrown. Default true. */
  readonly followParents?: boolean;
}

/** A handle on one task; making one costs nothing and asks nobody. */
export class AsyncResult<Result = unknown> {
  readonly id: string;
  /** The result of the step before, in a chain; the header's, for the body of a chord. */
  readonly parent: AnyResult | undefined;
  readonly #host: ResultHost;

  constructor(id: string, host: ResultHost, parent?: AnyResult) {
    this.id = id;
    this.parent = parent;
    this.#host = host;
  }

  /**
   * The return value, once there is one. Throws {@link TaskError} when the task, or a step before it, failed or was
   * revoked; WaitTimeoutError when `timeoutMs` passes first (the task goes on).
   */
  get(options?: GetOptions & { readonly propagate?: true }): Promise<Result>;
  get(options: GetOptions): Promise<Result | TaskError>;
  async get({
    propagate = true,
    followParents = true,
    ...wait
  }: GetOptions = {}): Promise<Result | TaskError> {
    const backend = await this.#host.backend();
    if (!propagate) {
      const document = await backend.wait(this.id, wait);
      return failureOf(document) ?? resultOf<Result>(document);
    }
    const parents = followParents ? ancestorIds(this) : [];
    return resultOf<Result>(await waitWithParents(backend, this.id, parents, wait));
  }

  /** The newest stored document; undefined while nothing is stored. */
  async document(): Promise<ResultDocument | undefined> {
    return (await this.#host.backend()).get(this.id);
  }

  /** Everything that is stored, read at once. */
  async details(): Promise<ResultDetails> {
    return detailsOf(this.id, await this.document());
  }

  /** The task's state; as in Celery, PENDING also stands for "never heard of". */
  async state(): Promise<string> {
    return (await this.document())?.status ?? "PENDING";
  }

  /** True once the state is SUCCESS, FAILURE or REVOKED. */
  async ready(): Promise<boolean> {
    return isReady(await this.state());
  }

  async successful(): Promise<boolean> {
    return (await this.state()) === "SUCCESS";
  }

  async failed(): Promise<boolean> {
    return (await this.state()) === "FAILURE";
  }

  /** What is stored as result now, without waiting: {@link ResultDetails.result}. */
  async result(): Promise<unknown> {
    return (await this.details()).result;
  }

  /** The same under the name that suits states of the task's own, whose result is what the task told. */
  info(): Promise<unknown> {
    return this.result();
  }

  /** Of a failed task, as text; null for others. */
  async traceback(): Promise<string | null> {
    return (await this.details()).traceback;
  }

  /** When the task ended; null before. */
  async dateDone(): Promise<Date | null> {
    return (await this.details()).dateDone;
  }

  /** Results of the tasks that this one sent; known once it has ended. Throws DecodeError `bad_result` for garbage. */
  async children(): Promise<readonly AnyResult[]> {
    const children = (await this.document())?.children ?? [];
    return children.map((tuple) => this.#host.resultFrom(fromResultTuple(tuple)));
  }

  /** This result and all below it, breadth first, each with the one above it. */
  iterdeps(options?: CollectOptions): AsyncGenerator<Dependency, void, undefined> {
    return iterdeps(this, options);
  }

  /** Waits for this task and all that it led to; gives each with its value, in Celery's order. */
  collect(options?: GetOptions & CollectOptions): AsyncGenerator<Collected, void, undefined> {
    return collect(this, options);
  }

  /** All that is stored around this task: what came before, what followed, and the groups they are in. */
  graph(options?: GraphOptions): Promise<ResultGraph> {
    return buildGraph(this.#host, this.toNode(), options);
  }

  /** Tells workers not to run the task; with `terminate` they end it when it runs. */
  revoke(options?: RevokeOptions): Promise<void> {
    return this.#host.revoke(this.id, options);
  }

  /** Removes this result and those of the steps before it from the store. */
  async forget(): Promise<void> {
    await this.parent?.forget();
    await (await this.#host.backend()).forget([this.id]);
  }

  /** This result as data, with the steps before it. */
  toNode(): ResultNode {
    return { id: this.id, ...(this.parent === undefined ? {} : { parent: this.parent.toNode() }) };
  }
}

/** Tasks of the steps before a result, the first step first. */
function ancestorIds({ parent }: AsyncResult): readonly string[] {
  const steps: (readonly string[])[] = [];
  for (let step = parent; step !== undefined; step = step.parent) {
    steps.push("taskIds" in step ? step.taskIds : [step.id]);
  }
  return steps.reverse().flat();
}
