/** What a gateway is made from. */
import type { App, RevokeOptions } from "../app/index.ts";
import type { TaskIndex } from "./task-index.ts";

/** The part of a logger that the gateway uses; pino fits. */
export interface GatewayLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Bounds that keep one caller, or many, from using the process up. */
export interface GatewayLimits {
  /** Largest body of a request, in bytes. */
  readonly bodyBytes: number;
  /** Deepest nesting of a body. */
  readonly depth: number;
  /** Tasks of one workflow, those that are linked included. */
  readonly workflowTasks: number;
  /** Chains, groups and chords within each other. */
  readonly workflowDepth: number;
  /** Bytes of the messages that start one workflow: every member of a chord carries the chord's body. */
  readonly workflowBytes: number;
  /** Schedules that may be made here. */
  readonly schedules: number;
  /** Bytes of bodies held at one time, over all requests. */
  readonly bodyBytesHeld: number;
  /** Requests that wait for a task (Prefer: wait) at one time. */
  readonly waits: number;
  /** Event streams at one time. */
  readonly streams: number;
  /** Time for a request's headers. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request, its body included. */
  readonly requestTimeoutMs: number;
  /** Time that close() gives running requests. */
  readonly closeGraceMs: number;
  /** Time between the comments that keep an idle event stream open. */
  readonly heartbeatMs: number;
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  bodyBytes: 1024 * 1024,
  depth: 64,
  workflowTasks: 1000,
  workflowDepth: 10,
  workflowBytes: 16 * 1024 * 1024,
  schedules: 1000,
  bodyBytesHeld: 64 * 1024 * 1024,
  waits: 2000,
  streams: 500,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  closeGraceMs: 10_000,
  heartbeatMs: 15_000,
};

/** Tells workers not to run these tasks. Rejects with ConfigurationError where nobody can be told. */
export type RevokeTasks = (taskIds: readonly string[], options: RevokeOptions) => Promise<void>;

export interface GatewayOptions {
  /** Publishes the tasks and reads the results. The gateway does not close it. */
  readonly app: App;
  /** Remembers what was accepted; the gateway closes it. Default: in memory, or at `indexUrl`. */
  readonly taskIndex?: TaskIndex;
  /** Database for the task index, so that it outlives the process: `sqlite:///path/gateway.db`. */
  readonly indexUrl?: string;
  /**
   * Where schedules are kept: a SQL URL, `database` for the one of the results or the broker, or the file of
   * `celerity beat --schedule`. Default: where a beat of the app looks (settings beatScheduler and beatScheduleFilename).
   */
  readonly schedules?: string;
  readonly limits?: Partial<GatewayLimits>;
  /** Calls tasks off. Default: `app.revoke()`, which needs a broker with remote control. */
  readonly revoke?: RevokeTasks;
  /** Longest wait a caller may ask for with Prefer: wait, in seconds. Default 60. */
  readonly waitMaxSeconds?: number;
  /** Listen beyond loopback though nobody has to log in. Default false. */
  readonly allowUnauthenticated?: boolean;
  /** Show the tracebacks of failed tasks: they tell strangers about your code. Default false. */
  readonly allowTraceback?: boolean;
  readonly logger?: GatewayLogger;
}
