/** Tries a hook out without sending anything: what would become of a delivery? */
import type { IncomingHttpHeaders } from "node:http";
import type { PlainObject } from "../../protocol/index.ts";
import { DEFAULT_GATEWAY_LIMITS } from "../options.ts";
import { compileHook } from "./hook.ts";
import type { HookOptions } from "./hook-options.ts";
import { checkConfigured } from "./hook-request.ts";
import { interpret, type Seen } from "./interpret.ts";

/** A delivery as a sender would make it. */
export interface RehearsedDelivery {
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Rehearsal {
  /** What tells it from other deliveries. */
  readonly deliveryId?: string;
  /** The answer to a sender that asks whether somebody is there; no task is sent then. */
  readonly greeting?: string;
  /** The rule that fits, from 0. */
  readonly rule?: number;
  /** The task, as `POST /v1/tasks` takes it; undefined when no rule fits. */
  readonly request?: PlainObject;
}

/**
 * Throws ConfigurationError for wrong options, DecodeError for a delivery that would get 401, and an Error that says what is
 * wrong with one that could not become a task.
 */
export function rehearse(
  name: string,
  options: HookOptions,
  { headers, body }: RehearsedDelivery,
): Rehearsal {
  checkConfigured({ [name]: options });
  const owner = { id: "app", tenant: undefined, queuePrefix: "" };
  const hook = compileHook({ name, key: "", origin: "app", owner, version: 0 }, options);
  const verifiedId = hook.verifier?.verify({ headers, body }).id;
  const seen: Seen = {};
  const { depth } = DEFAULT_GATEWAY_LIMITS;
  const { greeting, mapped } = interpret(hook, { headers, body, verifiedId }, depth, seen);
  return {
    ...seen,
    ...(greeting === undefined ? {} : { greeting }),
    ...(mapped === undefined ? {} : { request: { ...mapped.request } }),
  };
}
