/** Tasks as callers see them: the result document and the index entry made into one JSON object. */
import { hash } from "node:crypto";
import {
  describeException,
  EncodeError,
  type ExceptionDocument,
  exceptionOf,
  formatIsoTime,
  isPlainObject,
  isReady,
  type PlainObject,
  type ResultDocument,
  setOwn,
  writePythonJson,
} from "../protocol/index.ts";
import { fromQueue } from "./access/caller.ts";
import { Problem } from "./problems.ts";
import type { TaskEntry } from "./task-index.ts";
import { withOffset } from "./times.ts";

/** How a task failed; data only, whatever language it failed in. */
export interface TaskErrorView {
  readonly type: string;
  readonly module: string;
  readonly message: string;
  readonly args: readonly unknown[];
  readonly traceback?: string | null;
}

export interface TaskLinks {
  readonly self: string;
  readonly result: string;
  readonly events: string;
}

/** The body of `GET /v1/tasks/{id}`. */
export interface TaskView {
  readonly id: string;
  readonly task?: string;
  readonly queue?: string;
  readonly state: string;
  readonly terminal: boolean;
  /** The return value; only in SUCCESS. */
  readonly result?: unknown;
  /** What the task said of itself in a state of its own, such as its progress. */
  readonly meta?: unknown;
  readonly error?: TaskErrorView;
  readonly retries?: number;
  readonly worker?: string;
  readonly ignore_result?: true;
  readonly tags?: readonly string[];
  readonly replayed_from?: string;
  readonly eta?: string;
  readonly submitted_at?: string;
  readonly done_at?: string;
  readonly links: TaskLinks;
}

export interface ViewOptions {
  /** The path the gateway is mounted at. */
  readonly base: string;
  readonly allowTraceback: boolean;
  /** Of the caller's tenant; queues are shown without it. Default: none. */
  readonly queuePrefix?: string;
  /** NaN and Infinity as strings instead of an error. */
  readonly nanAsString: boolean;
}

/** Longest text of an error that is passed on. */
const MAX_ERROR_TEXT = 65_536;
/** A result nests as deep as its store allows, and some levels deeper here. */
const MAX_DEPTH = 1000;

/** Text that is safe in JSON and in paths: ids that the gateway made or checked. */
export function taskLinks(id: string, base: string): TaskLinks {
  const self = `${base}/v1/tasks/${id}`;
  return { self, result: `${self}/result`, events: `${self}/events` };
}

/** At least one of document and entry must be there. Throws Problem `not-representable`. */
export function toTaskView(
  id: string,
  document: ResultDocument | undefined,
  entry: TaskEntry | undefined,
  options: ViewOptions,
): TaskView {
  const state = document?.status ?? entry?.state ?? "PENDING";
  const task = document?.name ?? entry?.task;
  const { queuePrefix = "" } = options;
  const place = document?.queue ?? entry?.queue;
  const queue = typeof place === "string" ? fromQueue({ queuePrefix }, place) : place;
  return {
    id,
    ...(task === undefined ? {} : { task }),
    ...(queue === undefined ? {} : { queue }),
    state,
    terminal: isReady(state),
    ...(document === undefined ? {} : outcomeOf(document, options)),
    ...(typeof document?.retries === "number" ? { retries: document.retries } : {}),
    ...(typeof document?.worker === "string" ? { worker: document.worker } : {}),
    ...(entry?.ignoreResult === true ? { ignore_result: true } : {}),
    ...(entry === undefined || entry.tags.length === 0 ? {} : { tags: entry.tags }),
    ...(entry === undefined || entry.replayedFrom === null ? {} : { replayed_from: entry.replayedFrom }),
    ...(entry === undefined || entry.etaMs === null ? {} : { eta: formatIsoTime(entry.etaMs) }),
    ...(entry === undefined ? {} : { submitted_at: formatIsoTime(entry.submittedAtMs) }),
    ...doneAt(document, entry),
    links: taskLinks(id, options.base),
  };
}

function doneAt(
  document: ResultDocument | undefined,
  entry: TaskEntry | undefined,
): Pick<TaskView, "done_at"> {
  if (typeof document?.date_done === "string") return { done_at: withOffset(document.date_done) };
  if (entry === undefined || entry.doneAtMs === null) return {};
  return { done_at: formatIsoTime(entry.doneAtMs) };
}

function outcomeOf(
  document: ResultDocument,
  options: ViewOptions,
): Pick<TaskView, "result" | "meta" | "error"> {
  const exception = exceptionOf(document);
  if (exception !== undefined) return { error: toErrorView(document, exception, options) };
  if (document.status === "SUCCESS") return { result: representable(document.result, options.nanAsString) };
  if (document.result === null) return {};
  return { meta: representable(document.result, options.nanAsString) };
}

function toErrorView(
  document: ResultDocument,
  exception: ExceptionDocument,
  { allowTraceback }: ViewOptions,
): TaskErrorView {
  const args = typeof exception.exc_message === "string" ? [exception.exc_message] : exception.exc_message;
  const clipped = args.map((arg) => (typeof arg === "string" ? clip(arg) : representable(arg, true)));
  return {
    type: exception.exc_type,
    module: exception.exc_module,
    message: clip(describeException({ ...exception, exc_message: clipped })),
    args: clipped,
    ...(allowTraceback ? { traceback: document.traceback === null ? null : clip(document.traceback) } : {}),
  };
}

function clip(text: string): string {
  return text.length > MAX_ERROR_TEXT ? `${text.slice(0, MAX_ERROR_TEXT)}...` : text;
}

/** The value with NaN and Infinity as strings; without `nanAsString` they throw Problem `not-representable`. */
export function representable(value: unknown, nanAsString: boolean): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    if (nanAsString) return String(value);
    throw new Problem("not-representable", {
      detail: `The result holds ${value}, which JSON cannot carry. Add ?nan=string to get it as a string.`,
    });
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => representable(item, nanAsString));
    return items.every((item, at) => item === value[at]) ? value : items;
  }
  if (!isPlainObject(value)) return value;
  const copy: PlainObject = {};
  for (const [key, member] of Object.entries(value)) setOwn(copy, key, representable(member, nanAsString));
  return copy;
}

/** JSON text with exact integers. Throws Problem `not-representable` for values without a JSON form. */
export function writeJson(value: unknown): string {
  try {
    return writePythonJson(value, MAX_DEPTH);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    throw new Problem("not-representable", { detail: error.message });
  }
}

/** A strong ETag of a body. */
export function etagOf(text: string): string {
  return `"${hash("sha256", text, "base64url").slice(0, 22)}"`;
}
