/** The arguments of `celerity.webhook`, read strictly: they come from whoever sends tasks. */
import type { EgressMethod } from "../../egress/index.ts";
import { DecodeError, isPlainObject, type TaskRequest, writePythonJson } from "../../protocol/index.ts";

/** One call of a URL. */
export interface WebhookCall {
  readonly url: URL;
  readonly method: EgressMethod;
  /** The task's own, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Seconds; undefined takes the worker's. */
  readonly timeout: number | undefined;
  /** Statuses that are a success; undefined: 2xx, and 202 stands for a later answer. */
  readonly success: readonly number[] | undefined;
}

const METHODS: readonly EgressMethod[] = ["POST", "GET", "PUT", "PATCH", "DELETE"];
const MEMBERS: ReadonlySet<string> = new Set([
  "url",
  "method",
  "json",
  "body",
  "headers",
  "timeout",
  "success",
]);
const MAX_HEADERS = 50;
const MAX_HEADER_LENGTH = 4096;
const MAX_STATUSES = 50;
/** Headers that the worker writes itself. */
const OURS = /^(?:webhook-|celerity-|signature|content-digest$|traceparent$|tracestate$)/;

/** The one positional argument, the result of the task before in a chain, is the JSON body. Throws DecodeError. */
export function readWebhookCall({ args, kwargs }: TaskRequest): WebhookCall {
  const unknown = Object.keys(kwargs).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined)
    throw wrong(`takes no argument "${unknown}"; it takes ${[...MEMBERS].join(", ")}`);
  const { method = "POST", headers, timeout, success } = kwargs;
  if (!METHODS.some((known) => known === method))
    throw wrong(`"method" must be one of ${METHODS.join(", ")}`);
  const isTimeout = timeout === undefined || timeout === null || (typeof timeout === "number" && timeout > 0);
  if (!isTimeout) throw wrong('"timeout" must be a number of seconds greater than 0');
  const { bytes, contentType } = readBody(args, kwargs);
  return {
    url: readUrl(kwargs["url"]),
    method: method as EgressMethod,
    headers: { "content-type": contentType, ...readHeaders(headers) },
    body: bytes,
    timeout: timeout ?? undefined,
    success: readStatuses(success),
  };
}

function readUrl(value: unknown): URL {
  if (typeof value !== "string" || !URL.canParse(value)) throw wrong('"url" must be an absolute URL');
  const url = new URL(value);
  url.hash = "";
  return url;
}

function readBody(
  args: TaskRequest["args"],
  kwargs: TaskRequest["kwargs"],
): { readonly bytes: Buffer; readonly contentType: string } {
  const given = [...args, ...["json", "body"].filter((name) => Object.hasOwn(kwargs, name))];
  if (given.length > 1) throw wrong('takes one of "json", "body" and a positional argument');
  const { body } = kwargs;
  if (body !== undefined) {
    if (typeof body === "string")
      return { bytes: Buffer.from(body), contentType: "text/plain; charset=utf-8" };
    if (body instanceof Uint8Array)
      return { bytes: Buffer.from(body), contentType: "application/octet-stream" };
    throw wrong('"body" must be text or bytes; send other values as "json"');
  }
  const bytes = given.length === 0 ? "" : writePythonJson(args.length > 0 ? args[0] : kwargs["json"]);
  return { bytes: Buffer.from(bytes), contentType: "application/json" };
}

function readHeaders(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isPlainObject(value) || Object.keys(value).length > MAX_HEADERS)
    throw wrong(`"headers" must be an object of at most ${MAX_HEADERS} texts`);
  const headers = Object.entries(value).map(([given, text]): [string, string] => {
    const name = given.toLowerCase();
    if (OURS.test(name)) throw wrong(`the header "${name}" is the worker's own`);
    if (typeof text !== "string" || text.length > MAX_HEADER_LENGTH)
      throw wrong(`the header "${name}" must be text of at most ${MAX_HEADER_LENGTH} characters`);
    return [name, text];
  });
  return Object.fromEntries(headers);
}

function readStatuses(value: unknown): readonly number[] | undefined {
  if (value === undefined || value === null) return undefined;
  const isStatus = (status: unknown): boolean =>
    Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599;
  if (Array.isArray(value) && value.length > 0 && value.length <= MAX_STATUSES && value.every(isStatus))
    return value;
  throw wrong('"success" must be a list of HTTP statuses from 200 to 599');
}

function wrong(what: string): DecodeError {
  return new DecodeError("bad_body", `celerity.webhook: ${what}.`);
}
