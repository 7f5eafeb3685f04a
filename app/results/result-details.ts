/** A result document as the caller of a task reads it. Source: the properties of celery/result.py AsyncResult of 5.7. */
import { exceptionOf, isPlainObject, parseIsoTime, type ResultDocument } from "../../protocol/index.ts";
import { TaskError } from "./task-error.ts";

/** What is stored of one task, at one moment. What is not stored is null. */
export interface ResultDetails {
  readonly id: string;
  /** PENDING while nothing is stored. */
  readonly state: string;
  /** The return value; a {@link TaskError} in FAILURE, REVOKED and RETRY; what the task told in its own states. */
  readonly result: unknown;
  /** As text, in the language that raised it. */
  readonly traceback: string | null;
  /** When the task ended. */
  readonly dateDone: Date | null;
  readonly groupId: string | null;
  readonly parentId: string | null;
  // The rest is stored with result_extended only.
  readonly name: string | null;
  readonly args: readonly unknown[] | null;
  readonly kwargs: Readonly<Record<string, unknown>> | null;
  readonly worker: string | null;
  readonly retries: number | null;
  readonly queue: string | null;
}

/** `document` is undefined while nothing is stored. */
export function detailsOf(id: string, document: ResultDocument | undefined): ResultDetails {
  const { args, kwargs } = document ?? {};
  return {
    id,
    state: document?.status ?? "PENDING",
    result: document === undefined ? null : infoOf(document),
    traceback: document?.traceback ?? null,
    dateDone: dateOf(document?.date_done),
    groupId: textOf(document?.group_id),
    parentId: textOf(document?.parent_id),
    name: textOf(document?.name),
    args: Array.isArray(args) ? args : null,
    kwargs: isPlainObject(kwargs) ? kwargs : null,
    worker: textOf(document?.worker),
    retries: typeof document?.retries === "number" ? document.retries : null,
    queue: textOf(document?.queue),
  };
}

function infoOf(document: ResultDocument): unknown {
  const exception = exceptionOf(document);
  return exception === undefined ? document.result : new TaskError(document, exception);
}

/** Celery up to 5.3 writes UTC without an offset. null for what is no time. */
function dateOf(iso: string | null | undefined): Date | null {
  if (typeof iso !== "string") return null;
  try {
    return new Date(parseIsoTime(iso, "date_done"));
  } catch {
    return null;
  }
}

/** Stores hold what anybody wrote. */
function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
