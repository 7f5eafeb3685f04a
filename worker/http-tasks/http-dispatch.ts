/**
 * `celery.http_dispatch`, the webhook task of Celery 3.1: `url`, `method` and parameters of the receiver's own, as a query or
 * a form; the answer is `{"status": "success", "retval": ...}` or `{"status": "failure", "reason": ...}`. It is not signed
 * and never tried again. Source: celery/task/http.py of 3.1.
 */
import { STATUS_CODES } from "node:http";
import type { Egress, EgressOutcome } from "../../egress/index.ts";
import {
  DecodeError,
  findEnvelope,
  isPlainObject,
  pythonRepr,
  readPythonJson,
  type TaskRequest,
  toError,
} from "../../protocol/index.ts";
import { exceptionDocument, type Outcome } from "../outcome.ts";

/** Celery 3.1's, in milliseconds. */
const TIMEOUT_MS = 5000;
const QUERY_METHODS: ReadonlySet<unknown> = new Set(["GET", "HEAD"]);
const MODULE = "celery.task.http";

/** Throws DecodeError for arguments that are not those of a call. */
export async function httpDispatch(
  { args, kwargs }: TaskRequest,
  egress: Egress,
  options: { readonly signal: AbortSignal; readonly maxDepth: number },
): Promise<Outcome> {
  const { url, method, params } = readArguments(args, kwargs);
  const isQuery = QUERY_METHODS.has(method);
  if (isQuery) for (const [name, value] of params) url.searchParams.set(name, value);
  const answer = await egress.request({
    url,
    method: isQuery ? "GET" : "POST",
    timeoutMs: TIMEOUT_MS,
    signal: options.signal,
    ...(isQuery
      ? {}
      : { headers: { "content-type": "application/x-www-form-urlencoded" }, body: params.toString() }),
  });
  return judge(answer, url.href, options.maxDepth);
}

function readArguments(
  args: TaskRequest["args"],
  kwargs: TaskRequest["kwargs"],
): { readonly url: URL; readonly method: unknown; readonly params: URLSearchParams } {
  const { url = args[0], method = args[1] ?? "GET", ...params } = kwargs;
  if (typeof url !== "string" || !URL.canParse(url) || args.length > 2)
    throw new DecodeError(
      "bad_body",
      'celery.http_dispatch takes "url", "method" and named parameters of the receiver.',
    );
  const texts = Object.entries(params).map(([name, value]) => [name, pythonText(value)] as [string, string]);
  return { url: new URL(url), method, params: new URLSearchParams(texts) };
}

/** Python's `str()`. */
function pythonText(value: unknown): string {
  return typeof value === "string" ? value : pythonRepr(value, Number.MAX_SAFE_INTEGER, 0);
}

function judge(answer: EgressOutcome, url: string, maxDepth: number): Outcome {
  if (answer.kind === "failure") return failed("urllib.error", "URLError", answer.message);
  const { status, body, truncated } = answer;
  // The arguments of Python's class: url, code, msg, hdrs, fp.
  if (status >= 300)
    return failed("urllib.error", "HTTPError", url, status, STATUS_CODES[status] ?? "", {}, null);
  if (truncated) return invalid(`The answer has more than ${body.length} bytes (httpTasksMaxBytes)`);
  if (body.length === 0) return invalid("Empty response");
  let payload: unknown;
  try {
    payload = readPythonJson(body.toString("utf8"), { maxDepth, code: "bad_result" });
  } catch (error) {
    return invalid(toError(error).message);
  }
  if (!isPlainObject(payload) || findEnvelope(payload, "") !== undefined)
    return invalid('The answer must be an object with "status"');
  const { status: word, retval, reason } = payload;
  if (word === "success") return { state: "SUCCESS", result: retval ?? null };
  if (word === "failure") return failed(MODULE, "RemoteExecuteError", reason ?? null);
  return failed(MODULE, "UnknownStatusError", pythonText(word ?? null));
}

function invalid(message: string): Outcome {
  return failed(MODULE, "InvalidResponseError", message);
}

function failed(module: string, type: string, ...args: readonly unknown[]): Outcome {
  return { state: "FAILURE", exception: exceptionDocument(module, type, ...args), traceback: null };
}
