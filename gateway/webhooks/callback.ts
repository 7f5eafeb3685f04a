/** Who wants to be told of a task, and of what. */

/** What may be told, as callers name it. */
export type CallbackEvent = "success" | "failure" | "revoked" | "retried";

/** full: with the result or the error; thin: what happened and where to ask. */
export type PayloadMode = "full" | "thin";

/** webhook: `{type, timestamp, data}`; cloudevents: CloudEvents 1.0 in structured mode. */
export type PayloadFormat = "webhook" | "cloudevents";

/** Types of events on the wire. */
export const EVENT_TYPES: Readonly<Record<CallbackEvent, string>> = {
  success: "celery.task.succeeded",
  failure: "celery.task.failed",
  revoked: "celery.task.revoked",
  retried: "celery.task.retried",
};

/** The type of what `:test` sends. */
export const TEST_EVENT_TYPE = "celery.webhook.test";

/** What is told when nobody says. */
export const DEFAULT_EVENTS: readonly CallbackEvent[] = ["success", "failure", "revoked"];

/** The member `callback` of a request, once its schema has accepted it: with one of `url` and `endpoint`. */
export interface Callback {
  readonly url?: string;
  /** Name of a registered endpoint, whose mode and format count where these say nothing. */
  readonly endpoint?: string;
  readonly on?: readonly CallbackEvent[];
  readonly mode?: PayloadMode;
  readonly format?: PayloadFormat;
}

/** One that is told. */
export interface Target {
  /** A registered endpoint; its URL is looked up when something is sent. */
  readonly endpoint?: string;
  readonly url?: string;
  readonly on: readonly CallbackEvent[];
  readonly mode: PayloadMode;
  readonly format: PayloadFormat;
  /** Whether whoever registered it may see tracebacks. */
  readonly traceback: boolean;
}

/** All that are told of a task. */
export interface Audience {
  readonly tenant: string | undefined;
  /** The path the gateway is mounted at, for links. */
  readonly base: string;
  /** `traceparent` and `tracestate` of the request. */
  readonly trace: Readonly<Record<string, string>>;
  /** The target of the request itself. */
  readonly callback?: Target;
}

/** The event of a state; undefined for one that nobody is told of. */
export function eventOfState(state: string): CallbackEvent | undefined {
  switch (state) {
    case "SUCCESS":
      return "success";
    case "FAILURE":
      return "failure";
    case "REVOKED":
      return "revoked";
    case "RETRY":
      return "retried";
    default:
      return undefined;
  }
}
