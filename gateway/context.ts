/** What all routes share. */
import type { App } from "../app/index.ts";
import type { Budget } from "./budget.ts";
import type { EventStreams } from "./event-stream.ts";
import type { GatewayLimits, GatewayLogger, RevokeTasks } from "./options.ts";
import type { ScheduleBook } from "./schedules/schedule-book.ts";
import type { TaskCheck } from "./task-check.ts";
import type { TaskIndex } from "./task-index.ts";
import type { Tracker } from "./tracker.ts";
import type { Waits } from "./waits.ts";
import type { WorkflowIndex } from "./workflows/workflow-index.ts";

/** Whether tasks can be accepted right now. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reason?: string;
}

export interface GatewayContext {
  readonly app: App;
  readonly index: TaskIndex;
  readonly workflows: WorkflowIndex;
  readonly schedules: ScheduleBook;
  readonly tracker: Tracker;
  readonly waits: Waits;
  readonly streams: EventStreams;
  /** Asked for every task that a request names. */
  readonly checkTask: TaskCheck;
  readonly revoke: RevokeTasks;
  readonly limits: GatewayLimits;
  /** Bytes of request bodies. */
  readonly held: Budget;
  readonly waitMaxSeconds: number;
  readonly allowTraceback: boolean;
  readonly logger: GatewayLogger;
  readonly ready: () => Promise<Readiness>;
  /** The OpenAPI document as text. */
  readonly openapi: () => string;
}
