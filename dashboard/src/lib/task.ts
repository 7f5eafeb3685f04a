/** Tasks as the gateway tells of them. */

/** What listings and events tell of a task. */
export interface TaskSummary {
  readonly id: string;
  readonly task: string;
  readonly queue?: string;
  readonly state: string;
  readonly terminal: boolean;
  /** `observed`: heard of in events, not sent through this gateway. */
  readonly origin?: "gateway" | "observed";
  readonly tags?: readonly string[];
  readonly replayed_from?: string;
  readonly ignore_result?: boolean;
  readonly eta?: string;
  readonly submitted_at: string;
  readonly done_at?: string;
}

/** A page of them, newest first. */
export interface TaskList {
  readonly tasks: readonly TaskSummary[];
  /** The next page. */
  readonly next?: string;
}

/** How a task failed. */
export interface TaskError {
  readonly type: string;
  readonly module: string;
  readonly message: string;
  readonly args: readonly unknown[];
  readonly traceback?: string | null;
}

/** What is told of one task. */
export interface Task extends Partial<TaskSummary> {
  readonly id: string;
  readonly state: string;
  readonly terminal: boolean;
  readonly meta?: unknown;
  readonly error?: TaskError;
  readonly retries?: number;
  readonly worker?: string;
}
