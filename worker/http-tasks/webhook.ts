/** `celerity.webhook`: one call of a URL on behalf of a task, and the wait for an answer that comes later. */
import type { App, LateAnswer } from "../../app/index.ts";
import type { Egress } from "../../egress/index.ts";
import { BackendError } from "../../protocol/index.ts";
import type { Job } from "../job.ts";
import { failure, type Outcome } from "../outcome.ts";
import type { Breaker } from "./breaker.ts";
import type { CallHeaders } from "./call-headers.ts";
import { judge } from "./judge.ts";
import type { LateAnswerOf } from "./late-answers.ts";
import { remoteException } from "./remote-exception.ts";
import { retryLater } from "./retry.ts";
import { readWebhookCall, type WebhookCall } from "./webhook-call.ts";
import { WebhookError } from "./webhook-error.ts";

export interface WebhookOptions {
  readonly app: App;
  /** Node name of the worker. */
  readonly hostname: string;
  readonly egress: Egress;
  readonly breaker: Breaker;
  readonly headersOf: CallHeaders;
  /** undefined: receivers cannot answer later. */
  readonly lateAnswerOf: ((taskId: string) => LateAnswerOf) | undefined;
  /** The call is over, and its task waits; aborted when the worker stops. */
  readonly wait: (job: Job, work: (signal: AbortSignal) => Promise<Outcome>) => Promise<Outcome>;
}

const NO_LATER =
  'The server answered 202, that it will answer later, but the worker has no URL for that: set httpTasksGatewayUrl and httpTasksCompletionSecret, or name 202 in "success".';

/** Throws DecodeError for wrong arguments. */
export async function runWebhook(job: Job, signal: AbortSignal, options: WebhookOptions): Promise<Outcome> {
  const call = readWebhookCall(job.request);
  const late = options.lateAnswerOf?.(job.request.id);
  try {
    // An earlier delivery of this message, or an earlier attempt, may have been promised an answer, or have it.
    const known = await late?.find();
    if (known?.state === "answered") return toOutcome(known.answer);
    if (known?.state === "promised" && late !== undefined)
      return await waitFor(job, late, known.untilMs, options);
    return await callOnce(job, call, late, signal, options);
  } catch (error) {
    if (signal.aborted) return failure(signal.reason);
    if (error instanceof BackendError) return retryLater(job, error, options.hostname, undefined);
    throw error;
  }
}

async function callOnce(
  job: Job,
  call: WebhookCall,
  late: LateAnswerOf | undefined,
  signal: AbortSignal,
  options: WebhookOptions,
): Promise<Outcome> {
  const { app, hostname, egress, breaker, headersOf } = options;
  const { host } = call.url;
  const pauseMs = breaker.waitMs(host, Date.now());
  if (pauseMs > 0) {
    const error = new WebhookError(
      `Calls to ${host} have failed again and again; it is left alone for a while.`,
    );
    return retryLater(job, error, hostname, pauseMs);
  }
  const { httpTasksTimeout, messageMaxDepth: maxDepth } = app.settings;
  const answer = await egress.request({
    url: call.url,
    method: call.method,
    headers: headersOf(call, job.request, late?.url),
    body: call.body.length === 0 ? undefined : call.body,
    timeoutMs: Math.min(call.timeout ?? httpTasksTimeout, httpTasksTimeout) * 1000,
    signal,
  });
  if (signal.aborted) return failure(signal.reason);
  const verdict = judge(answer, { success: call.success, maxDepth, nowMs: Date.now() });
  if (verdict.kind === "retry" && verdict.isTrouble) breaker.failed(host, Date.now());
  else breaker.succeeded(host);
  if (verdict.kind === "end") return verdict.outcome;
  if (verdict.kind === "retry") return retryLater(job, verdict.error, hostname, verdict.afterMs);
  if (late === undefined) return failure(new WebhookError(NO_LATER));
  return waitFor(job, late, await late.promise(), options);
}

function waitFor(job: Job, late: LateAnswerOf, untilMs: number, options: WebhookOptions): Promise<Outcome> {
  return options.wait(job, async (signal) => {
    const found = await late.wait(untilMs, signal);
    if (found.state === "answered") return toOutcome(found.answer);
    const { httpTasksCompletionTimeout: seconds } = options.app.settings;
    return failure(
      new WebhookError(
        `The server answered 202, and did not answer later within ${seconds} s (httpTasksCompletionTimeout).`,
      ),
    );
  });
}

function toOutcome(answer: LateAnswer): Outcome {
  if ("result" in answer) return { state: "SUCCESS", result: answer.result };
  const { type, message } = answer.error;
  const exception = remoteException(type, message);
  if (exception === undefined) return failure(new WebhookError(`${type}: ${message}`));
  return { state: "FAILURE", exception, traceback: null };
}
