/**
 * What happens to tasks and workers, for those who listen: Celery's signals as typed events
 * (`app.on("task_prerun", ({ taskId }) => ...)`). Names are those of celery/signals.py. Listeners are called in the process
 * where it happens, one after the other; what they throw is a warning and changes nothing.
 */
import type { ExceptionDocument, PlainObject } from "../protocol/index.ts";
import type { SendOptions } from "./producer.ts";
import type { TaskRequestInfo } from "./task-context.ts";

/** A task in the process that runs it. */
export interface TaskEvent {
  readonly task: string;
  readonly taskId: string;
  readonly request: TaskRequestInfo;
}

/** A task that threw, and what it threw as Celery keeps it. */
export interface TaskFailureEvent extends TaskEvent {
  readonly exception: ExceptionDocument;
  readonly traceback: string | null;
}

/** A task in the worker that holds it. */
export interface TaskNotice {
  readonly task: string | undefined;
  readonly taskId: string | undefined;
}

export interface WorkerEvent {
  /** Node name. */
  readonly hostname: string;
}

/** Signals by name, and what their listeners are given. */
export interface SignalEvents {
  before_task_publish: { readonly task: string; readonly options: SendOptions };
  after_task_publish: {
    readonly task: string;
    readonly taskId: string;
    readonly headers: Readonly<PlainObject>;
    readonly exchange: string;
    readonly routingKey: string;
  };
  task_prerun: TaskEvent;
  /** After the end, whatever it was. */
  task_postrun: TaskEvent & { readonly state: string };
  task_success: TaskEvent & { readonly result: unknown };
  task_failure: TaskFailureEvent;
  task_retry: TaskFailureEvent;
  task_received: TaskNotice;
  task_revoked: TaskNotice & { readonly terminated: boolean; readonly expired: boolean };
  /** Refused, and kept as a dead letter. */
  task_rejected: TaskNotice & { readonly code: string; readonly reason: string };
  /** Refused because no task of that name is registered. */
  task_unknown: TaskNotice;
  worker_init: WorkerEvent;
  worker_ready: WorkerEvent;
  worker_shutting_down: WorkerEvent;
  worker_shutdown: WorkerEvent;
  /** In a process or thread of a pool, before its first task. */
  worker_process_init: WorkerEvent;
  worker_process_shutdown: WorkerEvent;
  heartbeat_sent: WorkerEvent;
}

export type SignalName = keyof SignalEvents;
export type SignalListener<Name extends SignalName> = (event: SignalEvents[Name]) => void;

export class Signals {
  readonly #listeners = new Map<SignalName, Set<(event: never) => void>>();
  readonly #onWarning: (message: string, error?: unknown) => void;

  constructor(onWarning: (message: string, error?: unknown) => void) {
    this.#onWarning = onWarning;
  }

  /** Returns what stops listening. */
  on<Name extends SignalName>(name: Name, listener: SignalListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Does anybody listen to one of these? */
  areHeard(names: readonly SignalName[]): boolean {
    return this.#listeners.size > 0 && names.some((name) => (this.#listeners.get(name)?.size ?? 0) > 0);
  }

  /** Tells the listeners; the event is made only when there are some. */
  send<Name extends SignalName>(name: Name, makeEvent: () => SignalEvents[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined || listeners.size === 0) return;
    const event = makeEvent();
    for (const listener of listeners) {
      try {
        (listener as SignalListener<Name>)(event);
      } catch (error) {
        this.#onWarning(`A listener of ${name} failed`, error);
      }
    }
  }
}
