/** What all routes share. */
import type { App } from "../app/index.ts";
import type { Budget } from "./budget.ts";
import type { EventStreams } from "./event-stream.ts";
import type { GatewayLimits, GatewayLogger } from "./options.ts";
import type { TaskIndex } from "./task-index.ts";
import type { Tracker } from "./tracker.ts";
import type { Waits } from "./waits.ts";

/** Whether tasks can be accepted right now. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reason?: string;
}

export interface GatewayContext {
  readonly app: App;
  readonly index: TaskIndex;
  readonly tracker: Tracker;
  readonly waits: Waits;
  readonly streams: EventStreams;
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
