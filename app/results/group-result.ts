/** The results of a group, as its caller sees them. Named after Celery's GroupResult (celery/result.py of 5.7). */
import type { ResultBackend } from "../../backends/index.ts";
import {
  type CelerityError,
  DecodeError,
  type GroupNode,
  isReady,
  toResultTuple,
} from "../../protocol/index.ts";
import { inOrderOfCompletion } from "./completion.ts";
import { type Collected, type CollectOptions, collect, type Dependency, iterdeps } from "./dependencies.ts";
import { endOfWait, type WaitForMembers } from "./end-of-wait.ts";
import { requireReadable } from "./found.ts";
import { buildGraph, type GraphOptions, type ResultGraph } from "./graph.ts";
import type { AnyResult, ResultHost, RevokeOptions } from "./result-host.ts";
import { resultOf, TaskError } from "./task-error.ts";

export interface JoinOptions extends WaitForMembers {
  /** False puts the error of a failed member in the place of its value. Default true: the first failure is thrown. */
  readonly propagate?: boolean;
}

/** A member that ended: its place in the group, and its value or why it has none. */
export type CompletedMember =
  | { readonly index: number; readonly id: string; readonly value: unknown; readonly error: undefined }
  | { readonly index: number; readonly id: string; readonly value: undefined; readonly error: CelerityError };

/**
 * A handle on a group of results; making one costs nothing and asks nobody. `Values` is the list of its members' values,
 * for groups whose members have types of their own.
 */
export class GroupResult<Result = unknown, Values extends readonly unknown[] = Result[]> {
  readonly id: string;
  /** The members in their order; a group within the group is one member. */
  readonly results: readonly AnyResult[];
  /** The result of the step before, in a chain. */
  readonly parent: AnyResult | undefined;
  readonly #host: ResultHost;

  constructor(id: string, results: readonly AnyResult[], host: ResultHost, parent?: AnyResult) {
    this.id = id;
    this.results = results;
    this.parent = parent;
    this.#host = host;
  }

  /** Ids of all tasks in the group and in groups within it. */
  get taskIds(): readonly string[] {
    return this.results.flatMap(taskIdsOf);
  }

  /** The members, as {@link AsyncResult.children} of a task. */
  async children(): Promise<readonly AnyResult[]> {
    return this.results;
  }

  /**
   * All values in the members' order once all are there; of a group within the group, a list. Throws the first
   * {@link TaskError} as soon as it is known, and what {@link completed} throws.
   */
  async join({ propagate = true, ...wait }: JoinOptions = {}): Promise<Values> {
    const values: unknown[] = new Array(this.results.length).fill(undefined);
    for await (const { index, value, error } of this.completed(wait)) {
      if (error !== undefined && propagate) throw error;
      values[index] = error ?? value;
    }
    return values as readonly unknown[] as Values;
  }

  /** The same as {@link join}, by the name that it has for a task. */
  get(options?: JoinOptions): Promise<Values> {
    return this.join(options);
  }

  /**
   * The members in the order in which they end; all are listened to at once. One that failed, or whose result cannot be
   * read, brings its error, and the others go on. Throws WaitTimeoutError when `timeoutMs` passes first (the tasks go on),
   * the reason of an aborted `signal`, and BackendError.
   */
  async *completed(options: WaitForMembers = {}): AsyncGenerator<CompletedMember, void, undefined> {
    const backend = await this.#host.backend();
    const total = this.results.length;
    let missing = total;
    const stop = endOfWait(
      options,
      (timeoutMs) =>
        `${missing} of ${total} results of group ${this.id} did not come within ${timeoutMs} ms.`,
    );
    try {
      // All in one turn of the event loop, so that the backend begins to listen to all of them together.
      const waits = this.results.map((member) => memberValue(member, backend, stop.signal));
      for await (const { index, value, error } of inOrderOfCompletion(waits)) {
        missing -= 1;
        const id = this.results[index]?.id ?? "";
        if (error === undefined) yield { index, id, value, error };
        else if (error instanceof TaskError || error instanceof DecodeError)
          yield { index, id, value: undefined, error };
        else throw error;
      }
    } finally {
      stop.end();
    }
  }

  /** Members that succeeded; a group within the group counts once. */
  async completedCount(): Promise<number> {
    const states = await this.#states();
    return this.results.filter((member) => taskIdsOf(member).every((id) => states.get(id) === "SUCCESS"))
      .length;
  }

  /** True once all have ended, in whatever way. */
  async ready(): Promise<boolean> {
    return [...(await this.#states()).values()].every(isReady);
  }

  /** True while some have not ended. */
  async waiting(): Promise<boolean> {
    return !(await this.ready());
  }

  /** True once all have succeeded. */
  async successful(): Promise<boolean> {
    return [...(await this.#states()).values()].every((state) => state === "SUCCESS");
  }

  /** True as soon as one has failed. */
  async failed(): Promise<boolean> {
    return [...(await this.#states()).values()].includes("FAILURE");
  }

  /** The states of all tasks by id, read together. */
  async #states(): Promise<ReadonlyMap<string, string>> {
    const ids = this.taskIds;
    const found = await (await this.#host.backend()).getMany(ids);
    return new Map(ids.map((id, at) => [id, requireReadable(found[at])?.status ?? "PENDING"]));
  }

  /** Keeps in the result store which results are in this group, so that `app.restoreGroup(id)` finds them, in any process. */
  async save(): Promise<void> {
    await (await this.#host.backend()).saveGroup(this.id, toResultTuple(this.toNode()));
  }

  /** Removes what {@link save} kept; the members' results stay. */
  async delete(): Promise<void> {
    await (await this.#host.backend()).deleteGroup(this.id);
  }

  /** Tells workers not to run any of the tasks, in one command. */
  revoke(options?: RevokeOptions): Promise<void> {
    return this.#host.revoke(this.taskIds, options);
  }

  /** Removes the results of all tasks in the group, and of the steps before theirs. */
  async forget(): Promise<void> {
    await Promise.all(this.results.map((member) => member.forget()));
  }

  /** This result and all below it, breadth first, each with the one above it. */
  iterdeps(options?: CollectOptions): AsyncGenerator<Dependency, void, undefined> {
    return iterdeps(this, options);
  }

  /** Waits for all members and all that they led to; gives each with its value, this group's list first. */
  collect(options?: JoinOptions & CollectOptions): AsyncGenerator<Collected, void, undefined> {
    return collect(this, options);
  }

  /** All that is stored around this group's tasks. */
  graph(options?: GraphOptions): Promise<ResultGraph> {
    return buildGraph(this.#host, this.toNode(), options);
  }

  /** This result as data, with its members and the steps before it. */
  toNode(): GroupNode {
    return {
      id: this.id,
      ...(this.parent === undefined ? {} : { parent: this.parent.toNode() }),
      children: this.results.map((member) => member.toNode()),
    };
  }
}

export function isGroupResult(result: AnyResult): result is GroupResult<unknown, readonly unknown[]> {
  return result instanceof GroupResult;
}

function taskIdsOf(member: AnyResult): readonly string[] {
  return isGroupResult(member) ? member.taskIds : [member.id];
}

/** A member's value; of a group, those of its members. */
async function memberValue(member: AnyResult, backend: ResultBackend, signal: AbortSignal): Promise<unknown> {
  if (!isGroupResult(member)) return resultOf(await backend.wait(member.id, { signal }));
  return Promise.all(member.results.map((inner) => memberValue(inner, backend, signal)));
}
