/** What a gateway is made from. */
import type { App, RevokeOptions } from "../app/index.ts";
import type { EgressOptions } from "../egress/index.ts";
import type { AccessOptions } from "./access/options.ts";
import type { EventOptions } from "./cloudevents/event-door.ts";
import type { HistoryOptions } from "./history/options.ts";
import type { HookOptions } from "./hooks/hook-options.ts";
import type { StateStore } from "./state/state-store.ts";
import type { TaskIndex } from "./task-index.ts";
import type { WebhookOptions } from "./webhooks/options.ts";

/** The part of a logger that the gateway uses; pino fits. */
export interface GatewayLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  /** Whether anybody hears of that. Default: yes. */
  isLevelEnabled?(level: "info"): boolean;
}

/** Bounds that keep one caller, or many, from using the process up. */
export interface GatewayLimits {
  /** Largest body of a request, in bytes. */
  readonly bodyBytes: number;
  /** Largest body of a batch, in bytes. */
  readonly batchBytes: number;
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
  /** Dead letters of a queue that are looked at, the oldest first. */
  readonly deadLetters: number;
  /** Bytes of bodies held at one time, over all requests. */
  readonly bodyBytesHeld: number;
  /** Requests that wait for a task (Prefer: wait) at one time. */
  readonly waits: number;
  /** Event streams at one time. */
  readonly streams: number;
  /**
   * Time for which the broker may confirm none of the tasks that wait for it with one routing key; more of them are refused then. No
   * task waits for longer than the setting taskPublishDeadline.
   */
  readonly brokerSilenceMs: number;
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
  batchBytes: 8 * 1024 * 1024,
  depth: 64,
  workflowTasks: 1000,
  workflowDepth: 10,
  workflowBytes: 16 * 1024 * 1024,
  schedules: 1000,
  deadLetters: 1000,
  bodyBytesHeld: 64 * 1024 * 1024,
  waits: 2000,
  streams: 500,
  brokerSilenceMs: 5000,
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
  /** Remembers what was accepted; the gateway closes it. Default: in memory, or at `stateUrl`. */
  readonly taskIndex?: TaskIndex;
  /**
   * Where the gateway keeps what must outlive its process, and what several gateways share: `sqlite:///path/gateway.db`,
   * `postgresql://...`, or a Redis URL (`redis://`, `rediss://`, `redis+socket://`, `sentinel://`). Default: in memory.
   */
  readonly stateUrl?: string;
  /**
   * Of a Redis `stateUrl`: `masterName` of sentinels, `ssl`. Default: those of the broker or the result store when the URL is
   * theirs.
   */
  readonly stateTransportOptions?: Readonly<Record<string, unknown>>;
  /** Instead of `stateUrl`; the gateway opens and closes it. */
  readonly stateStore?: StateStore;
  /**
   * Where schedules are kept: a SQL URL, `database` for the one of the results or the broker, or the file of
   * `celerity beat --schedule`. Default: where a beat of the app looks (settings beatScheduler and beatScheduleFilename).
   */
  readonly schedules?: string;
  /** Queues that callers may ask about, beside those that the app's settings name. */
  readonly queues?: readonly string[];
  readonly limits?: Partial<GatewayLimits>;
  /** Webhooks that come in, by name; others can be put over HTTP. */
  readonly hooks?: Readonly<Record<string, HookOptions>>;
  /** Which tasks CloudEvents become. Default: none are taken. */
  readonly cloudEvents?: EventOptions;
  /** Calls tasks off. Default: `app.revoke()`, which needs a broker with remote control. */
  readonly revoke?: RevokeTasks;
  /** Serve Flower's API under /api, so that its callers need another base URL only. Default true. */
  readonly flowerApi?: boolean;
  /** Listen for events of workers from the start, and not from the first question about them on. Default false. */
  readonly watchWorkers?: boolean;
  /** Ask workers that send no events of their tasks to send them, once somebody asks about tasks. Default true. */
  readonly enableTaskEvents?: boolean;
  /** Longest wait a caller may ask for with Prefer: wait, in seconds. Default 60. */
  readonly waitMaxSeconds?: number;
  /** How long a task may leave no trace before it is said to be LOST, in seconds. Default a week. */
  readonly lostAfterSeconds?: number;
  /** Keep what happens to tasks, and statistics. Default: nothing is kept; `celerity gateway` keeps it. */
  readonly history?: HistoryOptions;
  /** How long an Idempotency-Key counts, in seconds. Default a day. */
  readonly idempotencySeconds?: number;
  /**
   * Tasks with a delay longer than this are kept here until they are due, in seconds; 0 keeps all of them, Infinity none.
   * Default: half of what the broker waits for an acknowledgement before it hands a message out again.
   */
  readonly holdAfterSeconds?: number;
  /** Ask every caller for a credential; then the gateway may listen beyond loopback. Default: ask nobody. */
  readonly access?: AccessOptions;
  /** File to which a line of JSON is appended for every request that changes something. */
  readonly auditLog?: string;
  /** How callbacks are signed and sent. */
  readonly webhooks?: WebhookOptions;
  /** Which addresses callbacks may go to, beside public ones on the ports 80 and 443. */
  readonly egress?: EgressOptions;
  /** Listen beyond loopback though nobody has to log in. Default false. */
  readonly allowUnauthenticated?: boolean;
  /**
   * Show the tracebacks of failed tasks to callers who need no credential: they tell strangers about your code. Others need
   * the scope results:traceback. Default false.
   */
  readonly allowTraceback?: boolean;
  /** Log a line for each request, at the level info. Default false. */
  readonly accessLog?: boolean;
  readonly logger?: GatewayLogger;
}
