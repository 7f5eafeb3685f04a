/** What can go wrong. Everything that this package throws on purpose is a CelerityError. */

export class CelerityError extends Error {
  override name = "CelerityError";
}

/** No answer came, though the request was repeated; `cause` says why. */
export class NetworkError extends CelerityError {
  override name = "NetworkError";
}

/** The task or the workflow has not ended within the time that you gave it. It goes on. */
export class WaitTimeoutError extends CelerityError {
  override name = "WaitTimeoutError";
  readonly id: string;

  constructor(id: string, seconds: number) {
    super(`${id} has not ended within ${seconds} s`);
    this.id = id;
  }
}

/** A webhook that the gateway did not sign, or did not sign now. */
export class WebhookError extends CelerityError {
  override name = "WebhookError";
}

/** What is wrong with one place of a request. */
export interface FieldError {
  /** JSON Pointer into the body. */
  readonly pointer: string;
  readonly detail: string;
}

/** How a task failed, in the words of the language it is written in. */
export interface TaskError {
  readonly type: string;
  readonly module: string;
  readonly message: string;
  readonly args: readonly unknown[];
  readonly traceback?: string | null;
}

/** The gateway said no (RFC 9457). */
export class ApiError extends CelerityError {
  override name = "ApiError";
  /** Short name of the problem, such as `invalid-arguments`; `unknown` for an answer that is no problem document. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Where the request is wrong. */
  readonly errors: readonly FieldError[];
  /** Seconds after which the request may succeed. */
  readonly retryAfter: number | undefined;
  /** All members of the problem document. */
  readonly raw: Readonly<Record<string, unknown>>;

  constructor(status: number, raw: Readonly<Record<string, unknown>>, retryAfter?: number) {
    const title = textOf(raw["title"]) ?? `HTTP status ${status}`;
    const detail = textOf(raw["detail"]) ?? "";
    super(detail === "" ? title : `${title}: ${detail}`);
    this.type = shortName(textOf(raw["type"]));
    this.title = title;
    this.status = status;
    this.detail = detail;
    this.errors = Array.isArray(raw["errors"]) ? raw["errors"] : [];
    this.retryAfter = retryAfter;
    this.raw = raw;
  }
}

/** 401 */
export class UnauthorizedError extends ApiError {
  override name = "UnauthorizedError";
}

/** 403 */
export class ForbiddenError extends ApiError {
  override name = "ForbiddenError";
}

/** 404: the gateway knows no task of this id. */
export class UnknownTaskError extends ApiError {
  override name = "UnknownTaskError";
}

/** 422: `errors` says what is wrong, and where. */
export class InvalidArgumentsError extends ApiError {
  override name = "InvalidArgumentsError";
}

/** 429 */
export class QuotaError extends ApiError {
  override name = "QuotaError";
}

/** 503 */
export class UnavailableError extends ApiError {
  override name = "UnavailableError";
}

/** The task ran and failed. */
export class TaskFailedError extends ApiError {
  override name = "TaskFailedError";
  readonly taskId: string;
  readonly error: TaskError | undefined;

  constructor(status: number, raw: Readonly<Record<string, unknown>>) {
    super(status, raw);
    this.taskId = textOf(raw["id"]) ?? "";
    this.error = raw["error"] as TaskError | undefined; // As the gateway's OpenAPI document says.
  }
}

/** The task was called off, or expired, before it ran. */
export class TaskRevokedError extends ApiError {
  override name = "TaskRevokedError";
  readonly taskId: string;

  constructor(status: number, raw: Readonly<Record<string, unknown>>) {
    super(status, raw);
    this.taskId = textOf(raw["id"]) ?? "";
  }
}

type ErrorClass = new (
  status: number,
  raw: Readonly<Record<string, unknown>>,
  retryAfter?: number,
) => ApiError;

const BY_TYPE: Readonly<Record<string, ErrorClass>> = {
  "task-failed": TaskFailedError,
  "task-revoked": TaskRevokedError,
  "unknown-task": UnknownTaskError,
  "invalid-arguments": InvalidArgumentsError,
};

const BY_STATUS: Readonly<Record<number, ErrorClass>> = {
  401: UnauthorizedError,
  403: ForbiddenError,
  429: QuotaError,
  503: UnavailableError,
};

/** The error for an answer of 4xx or 5xx. `raw` is its body when that is an object. */
export function apiError(
  status: number,
  raw: Readonly<Record<string, unknown>>,
  retryAfter?: number,
): ApiError {
  const type = shortName(textOf(raw["type"]));
  const byType = Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  return new (byType ?? BY_STATUS[status] ?? ApiError)(status, raw, retryAfter);
}

/** `/problems/unknown-task` is unknown-task; types of other registries may have their name behind a `#`. */
function shortName(type: string | undefined): string {
  return type?.split(/[/#]/).pop() || "unknown";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
