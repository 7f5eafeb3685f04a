/**
 * Tasks that are handed out again though they are done: setting workerDeduplicateSuccessfulTasks. Source: celery/app/trace.py
 * `trace_task` of 5.7.
 */
import type { App } from "../app/index.ts";
import type { ResultBackend } from "../backends/index.ts";
import type { Awaitable } from "../codecs/index.ts";
import type { ResultDocument } from "../protocol/index.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

/** A job that was done before, to be settled with its result. */
export interface Done {
  readonly job: Job;
  readonly outcome: Extract<Outcome, { state: "SUCCESS" }>;
}

/** Answers undefined for a job to run. */
export type FindDone = (job: Job) => Awaitable<Done | undefined>;

export interface DuplicatesOptions {
  readonly app: App;
  /** undefined: no results are kept. */
  readonly backend: ResultBackend | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Only results that other workers see too can tell. When they cannot be read the task runs: twice is better than never. */
export function createFindDone({ app, backend, onWarning }: DuplicatesOptions): FindDone {
  if (!app.settings.workerDeduplicateSuccessfulTasks || backend?.shared !== true) return () => undefined;
  return (job) => {
    const { delivery, request, acksLate } = job;
    if (!acksLate || !delivery.redelivered) return undefined;
    return backend.get(request.id).then(
      (found) => (found?.status === "SUCCESS" ? toDone(job, found) : undefined),
      (error: unknown) => {
        onWarning(`Whether ${request.task}[${request.id}] is done already could not be read`, error);
        return undefined;
      },
    );
  };
}

/** What follows a task is known as its children; where it has some, they are sent. */
function toDone(job: Job, { result, children }: ResultDocument): Done {
  const outcome = { state: "SUCCESS", result } as const;
  if (!Array.isArray(children) || children.length === 0) return { job, outcome };
  const embed = { ...job.request.embed, callbacks: [], chain: [] };
  return { job: { ...job, request: { ...job.request, embed } }, outcome };
}
