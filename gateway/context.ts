/** What all routes share. */
import type { App } from "../app/index.ts";
import type { Access } from "./access/access.ts";
import type { AuditLog } from "./access/audit.ts";
import type { Budget } from "./budget.ts";
import type { EventDoor } from "./cloudevents/event-door.ts";
import type { DeadLetterBook } from "./dead-letters/dead-letter-book.ts";
import type { ReplayDesk } from "./dead-letters/replay-desk.ts";
import type { Dedupe } from "./dedupe/dedupe.ts";
import type { EventStreams } from "./event-stream.ts";
import type { Fleet } from "./fleet/fleet.ts";
import type { HeldTasks } from "./held/held-tasks.ts";
import type { History } from "./history/history.ts";
import type { HookDoor } from "./hooks/hook-door.ts";
import type { Idempotency } from "./idempotency/idempotency.ts";
import type { LiveDocuments } from "./live/live-documents.ts";
import type { BrokerWatch } from "./lost/broker-watch.ts";
import type { Losses } from "./lost/losses.ts";
import type { GatewayFacts } from "./metrics/gateway-facts.ts";
import type { MetricsPage } from "./metrics/registry.ts";
import type { GatewayLimits, GatewayLogger, RevokeTasks } from "./options.ts";
import type { Publishing } from "./publishing.ts";
import type { QueueBook } from "./queues/queue-book.ts";
import type { QueueControl } from "./queues/queue-control.ts";
import type { RequestWatch } from "./requests/request-watch.ts";
import type { ScheduleBook } from "./schedules/schedule-book.ts";
import type { StateStore } from "./state/state-store.ts";
import type { TaskCheck } from "./task-check.ts";
import type { TaskFeed } from "./task-feed.ts";
import type { TaskIndex } from "./task-index.ts";
import type { TaskTypes } from "./task-types/task-types.ts";
import type { Tracker } from "./tracker.ts";
import type { Waits } from "./waits.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";
import type { WorkflowIndex } from "./workflows/workflow-index.ts";

/** Whether tasks can be accepted right now. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reason?: string;
}

export interface GatewayContext {
  readonly app: App;
  /** undefined: nobody has to log in. */
  readonly access: Access | undefined;
  readonly audit: AuditLog | undefined;
  readonly index: TaskIndex;
  /** What is remembered between requests, and shared with other gateways. */
  readonly state: StateStore;
  readonly workflows: WorkflowIndex;
  readonly schedules: ScheduleBook;
  /** Callbacks. */
  readonly webhooks: Webhooks;
  /** Workers and their tasks, as events and remote control tell of them. */
  readonly fleet: Fleet;
  readonly queues: QueueBook;
  readonly queueControl: QueueControl;
  readonly deadLetters: DeadLetterBook;
  readonly replays: ReplayDesk;
  /** Webhooks that come in. */
  readonly hooks: HookDoor;
  /** CloudEvents that come in; undefined: none are taken. */
  readonly events: EventDoor | undefined;
  readonly tracker: Tracker;
  readonly taskFeed: TaskFeed;
  readonly waits: Waits;
  readonly streams: EventStreams;
  /** Listings that somebody follows. */
  readonly live: LiveDocuments;
  readonly idempotency: Idempotency;
  readonly dedupe: Dedupe;
  readonly taskTypes: TaskTypes;
  /** Tasks that wait here for their time. */
  readonly heldTasks: HeldTasks;
  readonly brokerWatch: BrokerWatch;
  readonly publishing: Publishing;
  /** Which accepted tasks are lost. */
  readonly losses: Losses;
  /** What happened to tasks; undefined: that is not kept. */
  readonly history: History | undefined;
  /** Longest delay that is left to the broker. */
  readonly holdAfterSeconds: number;
  /** Asked for every task that a request names. */
  readonly checkTask: TaskCheck;
  readonly revoke: RevokeTasks;
  readonly limits: GatewayLimits;
  /** Bytes of request bodies. */
  readonly held: Budget;
  readonly waitMaxSeconds: number;
  /** To callers without credentials; others need the scope. */
  readonly allowTraceback: boolean;
  readonly logger: GatewayLogger;
  readonly ready: () => Promise<Readiness>;
  /** What is counted. */
  readonly facts: GatewayFacts;
  readonly metricsPage: () => Promise<MetricsPage>;
  readonly requests: RequestWatch;
  /** The OpenAPI document as text. */
  readonly openapi: () => string;
}
