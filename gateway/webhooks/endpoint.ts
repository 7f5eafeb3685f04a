/** A registered endpoint, as it lies in the store. */
import { globList } from "../access/globs.ts";
import type { TaskEntry } from "../task-index.ts";
import type { CallbackEvent, PayloadFormat, PayloadMode } from "./callback.ts";

/** Which tasks of its tenant an endpoint is told of without being named. */
export interface Subscription {
  readonly on: readonly CallbackEvent[];
  /** Names of tasks, with `*` and `!`. Empty: all tasks. */
  readonly tasks: readonly string[];
}

/** caller: somebody asked for it; gone: it answered 410; failing: nothing has reached it for days. */
export type DisabledBecause = "caller" | "gone" | "failing";

export interface StoredSecret {
  readonly secret: string;
  /** Milliseconds since 1970, for one that another has replaced. */
  readonly validUntilMs?: number;
}

export interface Endpoint {
  readonly name: string;
  readonly url: string;
  /** The newest first. */
  readonly secrets: readonly StoredSecret[];
  /** null: told only of tasks whose callback names it. */
  readonly subscribe: Subscription | null;
  readonly mode: PayloadMode;
  readonly format: PayloadFormat;
  /** Whether its URL was asked whether it wants to be called. */
  readonly consent: boolean;
  /** Credential of whoever registered it, if they see their own tasks only: it is told of no others. */
  readonly reader: string | null;
  /** Whether whoever registered it may see tracebacks. */
  readonly traceback: boolean;
  readonly disabled: { readonly reason: DisabledBecause; readonly atMs: number } | null;
  /** Since when every delivery has failed; null when the last one did not. */
  readonly failingSinceMs: number | null;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** Names of endpoints: a path segment that needs no escaping, and no colon, which begins an action. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
export const ENDPOINT_NAME_PATTERN: string = NAME.source;

export function isEndpointName(text: string): boolean {
  return NAME.test(text);
}

/** Secrets that sign at the same time: of so many changes within their overlap. */
export const MAX_SECRETS = 4;

/** An endpoint that is told of tasks which do not name it. */
export interface Subscriber {
  readonly endpoint: Endpoint;
  wants(entry: TaskEntry): boolean;
}

/** undefined for an endpoint that is only told of tasks which name it. */
export function toSubscriber(endpoint: Endpoint): Subscriber | undefined {
  const { subscribe, disabled, reader } = endpoint;
  if (subscribe === null || disabled !== null) return undefined;
  const fits = subscribe.tasks.length === 0 ? () => true : globList(subscribe.tasks);
  return { endpoint, wants: ({ task, owner }) => (reader === null || reader === owner) && fits(task) };
}
