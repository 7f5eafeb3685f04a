/** Queues of tenants: one that has a prefix sends to queues of its own, and knows nothing of the prefix. */
import type { App } from "../../app/index.ts";
import { ConfigurationError, type PlainObject } from "../../protocol/index.ts";
import { QUEUE_PATTERN } from "../schema-parts.ts";
import type { Caller } from "./caller.ts";

/** What the gateway knows of a tenant. */
export interface TenantOptions {
  /** Stands before the names of all its queues: `acme.`. */
  readonly queuePrefix?: string;
}

/** A task on its way to a queue. */
export interface RoutedCall {
  readonly task: string;
  readonly args?: readonly unknown[] | undefined;
  readonly kwargs?: PlainObject | undefined;
  /** As the caller names it; undefined: where the app's routes say. */
  readonly queue: string | undefined;
}

const QUEUE = new RegExp(QUEUE_PATTERN);

export class Tenants {
  readonly #prefixes: ReadonlyMap<string, string>;

  /** Throws ConfigurationError for a prefix that no queue can have, or that begins another one. */
  constructor(tenants: Readonly<Record<string, TenantOptions>> = {}) {
    const named = Object.entries(tenants).flatMap(([name, { queuePrefix = "" }]): [string, string][] =>
      queuePrefix === "" ? [] : [[name, queuePrefix]],
    );
    for (const [name, prefix] of named) {
      if (!QUEUE.test(prefix))
        throw new ConfigurationError(`The queue prefix of ${name} cannot begin a queue's name.`);
      const other = named.find(([one, its]) => one !== name && its.startsWith(prefix));
      if (other !== undefined)
        throw new ConfigurationError(
          `The queue prefix of ${name} begins that of ${other[0]}, so they would share queues.`,
        );
    }
    this.#prefixes = new Map(named);
  }

  /** "" for most. */
  prefixOf(tenant: string | undefined): string {
    return tenant === undefined ? "" : (this.#prefixes.get(tenant) ?? "");
  }
}

/** The queue at the broker; undefined: where the app's routes say. */
export function queueFor(caller: Caller, app: App, call: RoutedCall): string | undefined {
  const { task, args = [], kwargs = {}, queue } = call;
  const { queuePrefix } = caller;
  if (queuePrefix === "") return queue;
  if (queue !== undefined) return queuePrefix + queue;
  const route = app.router.route(task, args, kwargs, {});
  return queuePrefix + (route.queue?.name ?? route.routingKey);
}
