/** What the gateway's listings hold, as far as views read it. Times are ISO 8601; null is what nobody can say. */

export interface QueueDocument {
  readonly name: string;
  readonly ready: number;
  readonly unacked: number | null;
  readonly scheduled: number | null;
  readonly consumers: number | null;
  readonly oldest_age_s: number | null;
  readonly dead: number | null;
}

export interface QueueList {
  readonly queues: readonly QueueDocument[];
}

export type WorkerStatus = "online" | "lost" | "offline";

export interface WorkerDocument {
  readonly name: string;
  readonly status: WorkerStatus;
  readonly language: string | null;
  readonly software: { readonly name: string; readonly version: string | null } | null;
  readonly pid: number | null;
  readonly heartbeat: { readonly at: string; readonly age_seconds: number } | null;
  readonly pool: string | null;
  readonly concurrency: number | null;
  readonly prefetch: number | null;
  readonly uptime_seconds: number | null;
  readonly active: number | null;
  readonly processed: number | null;
  readonly load: readonly number[] | null;
  readonly queues: readonly string[] | null;
}

export interface WorkerList {
  readonly workers: readonly WorkerDocument[];
}

export interface WorkerTask {
  readonly id: string;
  readonly task: string;
  readonly started_at?: string;
  readonly eta?: string;
}

/** One worker, with its tasks. */
export interface WorkerDetail extends WorkerDocument {
  /** `name [rate_limit=10/m]` */
  readonly tasks: readonly string[] | null;
  readonly totals: Readonly<Record<string, number>> | null;
  readonly active_tasks: readonly WorkerTask[] | null;
  readonly reserved_tasks: readonly WorkerTask[] | null;
  readonly scheduled_tasks: readonly WorkerTask[] | null;
}

export interface ScheduleDocument {
  readonly name: string;
  readonly task: string;
  readonly every?: number;
  readonly relative?: boolean;
  readonly cron?: string;
  readonly timezone?: string;
  readonly solar?: { readonly event: string; readonly latitude: number; readonly longitude: number };
  readonly at?: string;
  readonly queue?: string;
  readonly priority?: number;
  readonly expires?: number;
  readonly enabled: boolean;
  readonly one_off: boolean;
  readonly catch_up: string;
  readonly start_at?: string;
  readonly expires_at?: string;
  readonly description: string;
  readonly origin: "app" | "store";
  readonly last_run_at?: string;
  readonly total_runs: number;
  readonly next_due: readonly string[];
}

export interface ScheduleList {
  readonly schedules: readonly ScheduleDocument[];
}

export interface DeadLetterDocument {
  readonly id: string;
  readonly queue: string;
  readonly reason: string;
  readonly detail: string;
  readonly task?: string;
  readonly task_id?: string;
  readonly died_at?: string;
  readonly worker?: string;
  /** Of the body. */
  readonly bytes: number;
}

export interface DeadLetterList {
  readonly dead_letters: readonly DeadLetterDocument[];
  readonly next?: string;
}

export interface DeadLetterDetail extends DeadLetterDocument {
  readonly content_type: string | null;
  readonly content_encoding: string | null;
  readonly body_base64: string;
}

export interface ReplayDocument {
  readonly id: string;
  readonly queue: string;
  readonly rate_per_s: number;
  readonly state: "running" | "done" | "cancelled" | "failed" | "interrupted";
  readonly moved: number;
  readonly failed: number;
  readonly kept: number;
  readonly refused: number;
  readonly total: number;
}

export interface HookDocument {
  readonly name: string;
  readonly origin: "app" | "store";
  readonly verifier: string;
  /** Tasks that it can send. */
  readonly sends: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly last_refusal?: { readonly at: string; readonly reason: string; readonly hint?: string };
}

export interface HookList {
  readonly hooks: readonly HookDocument[];
}

/** A delivery that came in. */
export interface HookDelivery {
  readonly id: string;
  readonly hook: string;
  readonly received_at: string;
  readonly outcome: "accepted" | "ignored" | "failed" | "greeted";
  readonly delivery_id?: string;
  readonly rule?: number;
  readonly task_id?: string;
  readonly task?: string;
  readonly error?: string;
  readonly replay_of?: string;
  readonly size: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Only of one that is asked for. */
  readonly body?: string;
  readonly body_base64?: string;
}

export interface HookDeliveryList {
  readonly deliveries: readonly HookDelivery[];
}

/** A callback: a delivery that goes out. */
export interface WebhookDelivery {
  readonly id: string;
  readonly task_id: string;
  readonly task: string;
  readonly type: string;
  readonly endpoint?: string;
  readonly url: string;
  readonly status: "pending" | "delivered" | "failed";
  readonly reason?: string;
  readonly attempted: number;
  readonly attempts?: readonly WebhookAttempt[];
  readonly created_at: string;
  readonly next_at?: string;
  readonly links: { readonly task?: string };
}

export interface WebhookAttempt {
  readonly attempt: number;
  readonly at: string;
  readonly ms: number;
  readonly status?: number;
  readonly error?: string;
  readonly answer?: string;
}

export interface WebhookDeliveryList {
  readonly deliveries: readonly WebhookDelivery[];
}

export interface EndpointDocument {
  readonly name: string;
  readonly url: string;
  /** Only in the answer that made or changed it. */
  readonly secret?: string;
  readonly subscribe?: { readonly on?: readonly string[]; readonly tasks?: readonly string[] };
  readonly mode: string;
  readonly format: string;
  readonly consent: boolean;
  readonly disabled: boolean;
  readonly disabled_reason?: "caller" | "gone" | "failing";
  readonly disabled_at?: string;
  readonly failing_since?: string;
  readonly created_at: string;
  readonly changed_at: string;
}

export interface EndpointList {
  readonly endpoints: readonly EndpointDocument[];
}

/** Seconds. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface StatsPoint {
  readonly at: string;
  readonly accepted: number;
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly retried: number;
  readonly revoked: number;
  readonly wait: Percentiles;
  readonly runtime: Percentiles;
}

export interface TaskStats {
  readonly task: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly retried: number;
  /** Seconds. */
  readonly p95: number | null;
}

export interface StatsDocument {
  readonly from: string;
  readonly step_seconds: number;
  readonly points: readonly StatsPoint[];
  readonly tasks: readonly TaskStats[];
}
