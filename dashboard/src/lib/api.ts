/** Talks to the gateway. Paths are relative, so that the page works wherever the gateway is mounted. */
import { currentKey, keyHeaders, refuseKey } from "./key.ts";

/** One thing wrong with a request's body. */
export interface FieldError {
  /** JSON Pointer into the body. */
  readonly pointer: string;
  readonly detail: string;
}

interface ProblemBody {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
}

/** A problem (RFC 9457) that the gateway answered with, or that it could not be reached (status 0). */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
  /** The last part of the problem's type, such as `unknown-task`. Empty when there is none. */
  readonly type: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly FieldError[];
  /** What to try. */
  readonly fix: string;

  constructor(status: number, { type = "", title, detail, errors = [] }: ProblemBody) {
    const name = title ?? `The gateway answered ${status}`;
    super(detail ?? name);
    this.status = status;
    this.type = type.slice(type.lastIndexOf("/") + 1);
    this.title = name;
    this.detail = detail ?? "";
    this.errors = errors;
    this.fix = fixOf(status);
  }
}

function fixOf(status: number): string {
  if (status === 0) return "Is the gateway running? This page tries again by itself.";
  if (status === 401) return "Sign in with a key that is valid.";
  if (status === 403) return "Sign in with a key whose policy allows this.";
  if (status === 404) return "It may be gone, or never was: go back to the list.";
  if (status === 429) return "Wait a little, then try again.";
  if (status === 501) return "The broker or the settings of the gateway do not offer it.";
  if (status >= 500) return "Try again in a moment. The gateway's log tells more.";
  return "";
}

/** Parameters of a query; undefined and empty ones are left out. */
export type Params = Readonly<Record<string, string | number | boolean | undefined>>;

/** `path` with a query. */
export function withParams(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined && value !== "") query.set(name, String(value));
  return query.size === 0 ? path : `${path}?${query}`;
}

/** A path segment of any text. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

/** Fetches with the key of this tab. Throws ApiError, and what an aborted signal throws. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const key = currentKey();
  const response = await fetch(path, {
    ...init,
    headers: { ...keyHeaders(), ...(init.headers as Record<string, string> | undefined) },
  }).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, { title: "No answer", detail: "The gateway does not answer." });
  });
  if (response.ok) return response;
  if (response.status === 401) refuseKey(key);
  const body: unknown = await response.json().catch(() => ({}));
  throw new ApiError(response.status, typeof body === "object" && body !== null ? body : {});
}

/** `GET`, parsed. `T` is what the gateway's documentation says. Throws ApiError. */
export async function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return (await request(withParams(path, params), signal ? { signal } : {})).json() as Promise<T>;
}

/** `GET`, as text. Throws ApiError. */
export async function getText(path: string, params?: Params, signal?: AbortSignal): Promise<string> {
  return (await request(withParams(path, params), signal ? { signal } : {})).text();
}

/**
 * Any other method. A body that is text is sent as it is: JSON whose numbers stay as they were typed. An empty answer is
 * undefined. Throws ApiError.
 */
export async function send<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const response = await request(path, {
    method,
    ...(text === undefined ? {} : { body: text }),
    headers: { ...(text === undefined ? {} : { "content-type": "application/json" }), ...headers },
  });
  const answer = await response.text();
  return (answer === "" ? undefined : JSON.parse(answer)) as T;
}

/** The cursor in a `next` link of a page; undefined on the last page. */
export function cursorOf(next: string | undefined): string | undefined {
  return next === undefined
    ? undefined
    : (new URL(next, location.href).searchParams.get("cursor") ?? undefined);
}
