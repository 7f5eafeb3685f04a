/** A walk through what a task led to. Source: celery/result.py `iterdeps` and `collect` of 5.7. */
import { WaitTimeoutError } from "../../protocol/index.ts";
import type { GetOptions } from "./async-result.ts";
import type { AnyResult } from "./result-host.ts";

export interface CollectOptions {
  /** True walks past tasks that have not ended, whose children nobody knows. Default false: that throws. */
  readonly intermediate?: boolean;
}

/** A result, and the one that led to it. */
export interface Dependency {
  readonly parent: AnyResult | undefined;
  readonly result: AnyResult;
}

/** A result and its value: of a group, the list of its members' values. */
export interface Collected {
  readonly result: AnyResult;
  readonly value: unknown;
}

/**
 * A result and all below it, breadth first; each once, though a retried task names itself among its children. Throws
 * WaitTimeoutError at one that has not ended, unless `intermediate`.
 */
export async function* iterdeps(
  root: AnyResult,
  { intermediate = false }: CollectOptions = {},
): AsyncGenerator<Dependency, void, undefined> {
  const seen = new Set([root.id]);
  const found: Dependency[] = [{ parent: undefined, result: root }];
  // Grows while it is read.
  for (const dependency of found) {
    yield dependency;
    const { result } = dependency;
    if (await result.ready()) {
      for (const child of await result.children()) {
        if (seen.has(child.id)) continue;
        seen.add(child.id);
        found.push({ parent: result, result: child });
      }
    } else if (!intermediate) {
      const text = `Result ${result.id} is not ready, so nobody knows what follows; wait for it, or use intermediate: true.`;
      throw new WaitTimeoutError(text);
    }
  }
}

/** Waits for each result on the way. Throws what `get()` throws. */
export async function* collect(
  root: AnyResult,
  { intermediate = false, ...options }: GetOptions & CollectOptions = {},
): AsyncGenerator<Collected, void, undefined> {
  for await (const { result } of iterdeps(root, { intermediate })) {
    yield { result, value: await result.get(options) };
  }
}
