/**
 * The document a result backend keeps for one task. Source: celery/backends/base.py `_get_result_meta` of 5.7.
 */
import { DecodeError } from "./errors.ts";
import { isException, isReady } from "./states.ts";
import { isPlainObject, PickledObject, type PlainObject, PythonError } from "./values.ts";

/** An exception as the text serializers keep it. Data only: nothing is ever looked up or called by these names. */
export interface ExceptionDocument {
  readonly exc_type: string;
  /** The exception's arguments; a bare string from old senders. */
  readonly exc_message: readonly unknown[] | string;
  readonly exc_module: string;
}

/** `[[id, parent], children]`, Celery's tuple form of AsyncResult and GroupResult; kept as read. */
export type ResultTuple = readonly unknown[];

/** Celery's result document, with Celery's field names. */
export interface ResultDocument {
  readonly task_id: string;
  readonly status: string;
  /** Return value, {@link ExceptionDocument} in exception states, or what the task passed to updateState(). */
  readonly result: unknown;
  readonly traceback: string | null;
  readonly children: readonly ResultTuple[] | null;
  /** ISO 8601; only in ready states. */
  readonly date_done: string | null;
  readonly group_id?: string;
  readonly parent_id?: string;
  // The rest is written with result_extended only.
  readonly name?: string | null;
  readonly args?: unknown;
  readonly kwargs?: unknown;
  readonly worker?: string | null;
  readonly retries?: number | null;
  readonly queue?: string | null;
  readonly stamped_headers?: readonly string[];
  readonly stamps?: PlainObject;
}

/** What a document is made from. */
export interface ResultFacts {
  readonly taskId: string;
  readonly state: string;
  readonly result: unknown;
  readonly traceback?: string | null;
  /** null for a result stored without a request, as revoking does. Default: []. */
  readonly children?: readonly ResultTuple[] | null;
  /** Now, as ISO 8601; written only in ready states. */
  readonly now: string;
  readonly groupId?: string | null;
  readonly parentId?: string | null;
  readonly extended?: Pick<
    ResultDocument,
    "name" | "args" | "kwargs" | "worker" | "retries" | "queue" | "stamped_headers" | "stamps"
  >;
}

/** Builds the document in Celery's key order. */
export function toResultDocument(facts: ResultFacts): ResultDocument {
  return {
    status: facts.state,
    result: facts.result,
    traceback: facts.traceback ?? null,
    children: facts.children === undefined ? [] : facts.children,
    date_done: isReady(facts.state) ? facts.now : null,
    ...(facts.groupId ? { group_id: facts.groupId } : {}),
    ...(facts.parentId ? { parent_id: facts.parentId } : {}),
    ...facts.extended,
    task_id: facts.taskId,
  };
}

/** Checks a decoded document; `taskId` stands in where the store's key is the only copy of it. Throws DecodeError `bad_result`. */
export function parseResultDocument(value: unknown, taskId: string): ResultDocument {
  if (!isPlainObject(value) || typeof value["status"] !== "string") {
    throw new DecodeError(
      "bad_result",
      `The stored result of task ${taskId} is not an object with a string "status".`,
    );
  }
  return {
    ...value,
    task_id: typeof value["task_id"] === "string" && value["task_id"] !== "" ? value["task_id"] : taskId,
    status: value["status"],
    result: value["result"] ?? null,
    traceback: typeof value["traceback"] === "string" ? value["traceback"] : null,
    children: Array.isArray(value["children"]) ? value["children"] : null,
    date_done: typeof value["date_done"] === "string" ? value["date_done"] : null,
  };
}

/** The exception of a document in an exception state, undefined in the others. Missing parts get Celery's defaults. */
export function exceptionOf(document: ResultDocument): ExceptionDocument | undefined {
  if (!isException(document.status)) return undefined;
  const raw = exceptionData(document.result);
  const message = raw["exc_message"];
  return {
    exc_type: typeof raw["exc_type"] === "string" ? raw["exc_type"] : "Exception",
    exc_message: Array.isArray(message) ? message : String(message ?? ""),
    exc_module: typeof raw["exc_module"] === "string" ? raw["exc_module"] : "builtins",
  };
}

/** Pickles hold the exception itself; of a class that the application allows, as any object. */
function exceptionData(result: unknown): PlainObject {
  if (result instanceof PythonError) return { ...result.toJSON() };
  if (result instanceof PickledObject)
    return { exc_type: result.name, exc_message: result.args ?? [], exc_module: result.module };
  return isPlainObject(result) ? result : { exc_message: String(result) };
}

/** One line for people: `ValueError: bad value, 42`. */
export function describeException(exception: ExceptionDocument): string {
  const { exc_type, exc_message } = exception;
  const text = typeof exc_message === "string" ? exc_message : exc_message.map(String).join(", ");
  return text === "" ? exc_type : `${exc_type}: ${text}`;
}
