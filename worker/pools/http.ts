/**
 * `--pool https://host/path`: a task is a POST to a server in any language (docs/pools.md). The body is the call as JSON,
 * signed as a Standard Webhook when a secret is set; the answer's JSON is the result.
 */
import { Agent, type Dispatcher, request as send } from "undici";
import { jsonSerializer } from "../../codecs/index.ts";
import { ConfigurationError, customHeaders, isPlainObject, toError } from "../../protocol/index.ts";
import { signWebhook } from "../../signing/index.ts";
import type { Job } from "../job.ts";
import { exceptionDocument, failure, type Outcome } from "../outcome.ts";
import type { PoolFactory, PoolOptions } from "../pool.ts";
import { retryLater, toOutcome } from "./answer-document.ts";
import { toCallDocument } from "./call-document.ts";

const DEFAULT_CONCURRENCY = 100;
const MAX_CONCURRENCY = 10_000;
/** Answers that mean "not now": the task is sent again later. */
const TRY_LATER: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const MAX_DEPTH = 200;

const createHttpPool: PoolFactory = (options) => {
  const { target = "", concurrency = DEFAULT_CONCURRENCY } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    throw new ConfigurationError(
      `Concurrency must be a whole number from 1 to ${MAX_CONCURRENCY}; it is ${concurrency}.`,
    );
  }
  if (!URL.canParse(target)) throw new ConfigurationError(`The pool's URL cannot be read: ${target}.`);
  const url = new URL(target);
  // The task's own time limit ends a request; the connection's must not do so before.
  const dispatcher = new Agent({
    connections: concurrency,
    headersTimeout: 0,
    bodyTimeout: 0,
    connectTimeout: 10_000,
  });
  return {
    name: "http",
    size: concurrency,
    pids: [process.pid],
    runsAnyTask: true,
    run(job, onStart) {
      onStart(job);
      return post(job, url, dispatcher, options);
    },
    close: () => dispatcher.close(),
  };
};

export default createHttpPool;

async function post(job: Job, url: URL, dispatcher: Dispatcher, options: PoolOptions): Promise<Outcome> {
  const { request } = job;
  job.abort ??= new AbortController();
  const body = Buffer.from(jsonSerializer.serialize(toCallDocument(request, customHeaders(request.headers))));
  const { poolSecrets: secrets, hostname } = options;
  try {
    const answer = await send(url, {
      method: "POST",
      dispatcher,
      body,
      signal: job.abort.signal,
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "celerity-task": encodeURIComponent(request.task),
        ...(secrets.length === 0 ? {} : signWebhook(body, { id: request.id.replaceAll(".", "_"), secrets })),
      },
    });
    const text = await readBody(answer.body, options.maxBytes);
    return judge(job, answer, text, hostname);
  } catch (error) {
    if (job.abort.signal.aborted) return failure(job.abort.signal.reason);
    return retryLater(
      { countdown: 2 ** Math.min(request.retries, 10), reason: toError(error).message },
      job,
      hostname,
    );
  }
}

async function readBody(body: Dispatcher.ResponseData["body"], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > maxBytes) throw new Error(`The answer has more than ${maxBytes} bytes.`);
  }
  return Buffer.concat(chunks);
}

function judge(job: Job, answer: Dispatcher.ResponseData, body: Buffer, hostname: string): Outcome {
  const { statusCode, headers } = answer;
  if (TRY_LATER.has(statusCode)) {
    const after = Number(headers["retry-after"]);
    const reason = `The server answered ${statusCode}.`;
    return retryLater({ countdown: Number.isFinite(after) ? after : undefined, reason }, job, hostname);
  }
  const isOk = statusCode >= 200 && statusCode < 300;
  try {
    const limits = { maxBytes: body.length, maxDepth: MAX_DEPTH };
    const value = body.length === 0 ? null : jsonSerializer.deserialize(body, limits);
    if (isOk) return { state: "SUCCESS", result: value };
    if (isPlainObject(value) && isPlainObject(value["error"])) return toOutcome(value, job, hostname);
  } catch (error) {
    if (isOk) return failure(error);
  }
  const text = body.toString("utf8").slice(0, 1000);
  return {
    state: "FAILURE",
    exception: exceptionDocument("remote", "HTTPError", `The server answered ${statusCode}: ${text}`),
    traceback: null,
  };
}
