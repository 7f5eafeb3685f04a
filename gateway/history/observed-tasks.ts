/** Tasks of events in the index: those that somebody else has sent are added, and all have the states that workers tell. */
import type { ClusterTask } from "../../app/index.ts";
import { isReady } from "../../protocol/index.ts";
import type { TaskFeed } from "../task-feed.ts";
import type { TaskChange, TaskEntry, TaskIndex } from "../task-index.ts";
import type { Tracker } from "../tracker.ts";
import { etaMsOf, type HeardEvent, saneMs } from "./celery-event.ts";

export interface ObservedTasksOptions {
  readonly index: TaskIndex;
  readonly tracker: Tracker;
  readonly taskFeed: TaskFeed;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Tasks that are known to be in the index. */
const MAX_KNOWN = 20_000;
/** Changes of one batch that followers of all tasks are told of. */
const MAX_TOLD = 200;
const MAX_NAME = 255;

export class ObservedTasks {
  readonly #options: ObservedTasksOptions;
  readonly #known = new Set<string>();

  constructor(options: ObservedTasksOptions) {
    this.#options = options;
  }

  /** Takes note of the tasks of events that were news. Never rejects. */
  async take(heard: readonly HeardEvent[]): Promise<void> {
    if (heard.length === 0) return;
    const tasks = [...new Map(heard.map(({ event, task }) => [event.taskId, { task, atMs: event.atMs }]))];
    try {
      await this.#take(tasks.map(([, task]) => task));
    } catch (error) {
      this.#options.onWarning("Tasks that were heard of could not be noted", error);
    }
  }

  async #take(tasks: readonly { readonly task: ClusterTask; readonly atMs: number }[]): Promise<void> {
    const { index, tracker, taskFeed } = this.#options;
    const fresh = tasks.flatMap(({ task, atMs }) => this.#toEntry(task, atMs) ?? []);
    await index.record(fresh);
    for (const { id } of fresh) this.#remember(id);
    for (const { task, atMs } of tasks) {
      const change = toChange(task, atMs);
      if (change === undefined || tracker.isPast(change)) continue;
      index.update(change);
      tracker.heard({ id: task.uuid, task: task.name ?? "", state: change.state });
    }
    if (!taskFeed.isFollowed) return;
    for (const { task } of tasks.slice(0, MAX_TOLD)) {
      const entry = await index.find(task.uuid);
      if (entry === undefined) continue;
      tracker.tell(entry);
      taskFeed.announce(entry);
    }
  }

  /**
   * undefined for one that is in the index, or that nobody has named yet. Whatever its events say, a database takes it: it is written
   * together with tasks that callers wait for.
   */
  #toEntry(task: ClusterTask, atMs: number): TaskEntry | undefined {
    const { uuid, name, times, queue, routingKey } = task;
    if (name === null || name === "" || this.#known.has(uuid)) return undefined;
    const first = times.sent ?? times.received;
    return {
      id: uuid,
      task: plain(name),
      queue: plain(queue ?? routingKey ?? ""),
      state: plain(task.state),
      submittedAtMs: saneMs((first ?? Number.NaN) * 1000) ?? atMs,
      doneAtMs: isReady(task.state) ? atMs : null,
      etaMs: etaMsOf(task) ?? null,
      ignoreResult: false,
      tags: [],
      tenant: null,
      owner: null,
      replayedFrom: null,
      origin: "observed",
    };
  }

  #remember(id: string): void {
    const [oldest] = this.#known;
    if (this.#known.size >= MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#known.add(id);
  }
}

/** Events may come late: one of a task that has ended does not say that it has begun. */
function toChange({ uuid, state }: ClusterTask, atMs: number): TaskChange | undefined {
  if (state === "PENDING") return undefined;
  const isOver = isReady(state);
  return {
    id: uuid,
    state: plain(state),
    doneAtMs: isOver ? atMs : null,
    ...(isOver ? {} : { unlessDone: true as const }),
  };
}

/** Databases take no NUL. */
function plain(text: string): string {
  return text.slice(0, MAX_NAME).replaceAll("\0", "");
}
