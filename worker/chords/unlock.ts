/**
 * `celery.chord_unlock`, the task that polls the header of a chord where the result store does not count: those that Python
 * sent, and ours. Source: celery/app/builtins.py of 5.7, `add_unlock_chord_task`.
 *
 * A worker runs it by itself, not in its pool: what it returns is the outcome of the job. RETRY is published again as any
 * retry is; the task has `ignore_result`.
 */
import { failureOf, leavesOf, type ResultBackend } from "../../backends/index.ts";
import {
  BackendError,
  BrokerError,
  DecodeError,
  fromResultTuple,
  isReady,
  type PlainObject,
  parseSignature,
  type ResultDocument,
  type ResultNode,
  type Signature,
  type TaskRequest,
} from "../../protocol/index.ts";
import { exceptionDocument, failure, type Outcome, toExceptionDocument } from "../outcome.ts";
import { bodyResults } from "./body-results.ts";
import type { ChordJoiner } from "./joiner.ts";

export interface ChordUnlockOptions {
  readonly backend: ResultBackend;
  readonly joiner: ChordJoiner;
  /** The setting resultChordRetryInterval: seconds between two looks, where the call does not say. */
  readonly retryIntervalSeconds: number;
  /** Seconds that results are kept: a call without `max_retries` looks no longer than that; 0 looks for ever. */
  readonly resultExpires: number;
}

/** One look at a header; never rejects. */
export type ChordUnlock = (
  args: readonly unknown[],
  kwargs: PlainObject,
  request: Pick<TaskRequest, "id" | "rootId" | "retries" | "deliveryInfo">,
) => Promise<Outcome>;

/** Results read at once; a look ends with the first of them that is not there. */
const CHUNK = 500;

const DONE: Outcome = { state: "SUCCESS", result: null };

/** What a call says. */
interface UnlockCall {
  readonly groupId: string;
  readonly body: Signature;
  readonly header: readonly ResultNode[];
  readonly intervalSeconds: number;
  readonly maxRetries: number;
}

export function createChordUnlock(options: ChordUnlockOptions): ChordUnlock {
  return async (args, kwargs, request) => {
    let call: UnlockCall | undefined;
    try {
      call = readCall(args, kwargs, options);
      return (await look(call, request, options)) ?? (await retry(call, request, options.joiner));
    } catch (error) {
      const mayPass = error instanceof BrokerError || error instanceof BackendError;
      return call !== undefined && mayPass ? again(call, request, error) : failure(error);
    }
  };
}

/** undefined: some members have not ended. */
async function look(
  { body, header }: UnlockCall,
  request: Parameters<ChordUnlock>[2],
  { backend, joiner }: ChordUnlockOptions,
): Promise<Outcome | undefined> {
  // Handed out again: the body may be sent already, and only the acknowledgement was lost.
  if (request.deliveryInfo.redelivered && (await isSent(body, backend))) return DONE;
  const ids = header.flatMap(leavesOf);
  const documents = await readReady(ids, backend);
  if (documents === undefined) return undefined;
  for (const taskId of ids) {
    const { status: state, result } = documents.get(taskId) as ResultDocument;
    const failed = failureOf({ taskId, state, result });
    if (failed === undefined) continue;
    await joiner.failBody(body, failed);
    return DONE;
  }
  const resultOf = (node: ResultNode): unknown =>
    node.children?.map(resultOf) ?? documents.get(node.id)?.result;
  await joiner.sendBody(body, header.map(resultOf), { parent_id: request.id, root_id: request.rootId });
  return DONE;
}

async function isSent(body: Signature, backend: ResultBackend): Promise<boolean> {
  const found = await backend.getMany(bodyResults(body).taskIds.slice(0, CHUNK));
  return found.some((document) => document !== undefined);
}

async function readReady(
  ids: readonly string[],
  backend: ResultBackend,
): Promise<ReadonlyMap<string, ResultDocument> | undefined> {
  const ready = new Map<string, ResultDocument>();
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    for (const [index, document] of (await backend.getMany(chunk)).entries()) {
      if (document === undefined || document instanceof DecodeError || !isReady(document.status))
        return undefined;
      ready.set(chunk[index] ?? "", document);
    }
  }
  return ready;
}

async function retry(
  call: UnlockCall,
  request: Parameters<ChordUnlock>[2],
  joiner: ChordJoiner,
): Promise<Outcome> {
  if (request.retries < call.maxRetries) return again(call, request);
  const text = `Can't retry celery.chord_unlock[${request.id}]: members of chord ${call.groupId} did not end within ${call.maxRetries} looks, ${call.intervalSeconds} s apart`;
  const message = `chord_unlock could not be retried: MaxRetriesExceededError(${JSON.stringify(text)})`;
  await joiner.failBody(call.body, { message });
  const exception = exceptionDocument("celery.exceptions", "MaxRetriesExceededError", text);
  return { state: "FAILURE", exception, traceback: null };
}

/** The next look. */
function again(
  { intervalSeconds }: UnlockCall,
  { retries }: Parameters<ChordUnlock>[2],
  cause?: unknown,
): Outcome {
  const exception =
    cause === undefined
      ? exceptionDocument("celery.exceptions", "Retry", `Retry in ${intervalSeconds}s`)
      : toExceptionDocument(cause);
  const etaMs = Date.now() + intervalSeconds * 1000;
  return { state: "RETRY", exception, traceback: null, etaMs, retries: retries + 1 };
}

/** Throws DecodeError `bad_body`. */
function readCall(
  [groupId, body]: readonly unknown[],
  kwargs: PlainObject,
  { retryIntervalSeconds, resultExpires }: ChordUnlockOptions,
): UnlockCall {
  const { interval, max_retries: maxRetries, result } = kwargs;
  if (typeof groupId !== "string" || !Array.isArray(result)) {
    throw new DecodeError("bad_body", 'A chord_unlock needs a group id, a body, and the header in "result".');
  }
  const intervalSeconds = isCount(interval) ? interval : retryIntervalSeconds;
  const untilExpired =
    resultExpires === 0 ? Number.POSITIVE_INFINITY : Math.ceil(resultExpires / Math.max(intervalSeconds, 1));
  return {
    groupId,
    body: parseSignature(body, "callback"),
    header: result.map(fromResultTuple),
    intervalSeconds,
    maxRetries: isCount(maxRetries) ? maxRetries : untilExpired,
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
