/**
 * Tasks whose answer comes later, from outside: a worker gives the receiver of its call a one-time URL of the gateway, the
 * gateway writes what is sent there into the result store, and the worker, which waits for it there, ends the task.
 */
import { createHash, createHmac } from "node:crypto";
import type { ResultBackend, ResultEntry } from "../backends/index.ts";
import {
  ConfigurationError,
  DecodeError,
  formatIsoTime,
  isPlainObject,
  type PlainObject,
  type ResultDocument,
  toResultDocument,
} from "../protocol/index.ts";
import { isSame } from "../signing/webhooks/bytes.ts";

/** What a receiver answers later. */
export type LateAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly type: string; readonly message: string } };

const PURPOSE = "celerity: completion of a task";
const MIN_SECRET_LENGTH = 32;

/** The tokens of one secret. */
export interface CompletionTokens {
  /** The token that lets its bearer end a task: base64url of HMAC-SHA256. */
  of(taskId: string): string;
  /** Compares in constant time. */
  isRight(taskId: string, token: string): boolean;
}

/** Throws ConfigurationError for a secret that can be guessed. */
export function completionTokens(secret: string): CompletionTokens {
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new ConfigurationError(
      `httpTasksCompletionSecret must have at least ${MIN_SECRET_LENGTH} characters; take random ones.`,
    );
  }
  const digest = (taskId: string): Buffer =>
    createHmac("sha256", secret).update(`${PURPOSE}\0${taskId}`).digest();
  return {
    of: (taskId) => digest(taskId).toString("base64url"),
    isRight: (taskId, token) => isSame(Buffer.from(digest(taskId).toString("base64url")), Buffer.from(token)),
  };
}

/** Where the result store keeps what becomes of a late answer: nobody finds it without the token. */
export function completionId(taskId: string, token: string): string {
  return `celerity-completion-${createHash("sha256").update(`${taskId}\0${token}`).digest("base64url")}`;
}

/** The note that a receiver has promised an answer until a time, in milliseconds since 1970. */
export function promiseEntry(id: string, untilMs: number): ResultEntry {
  return entryOf(id, "STARTED", { until: untilMs });
}

/** The answer; `receipt` tells it from another one. A stored answer is never overwritten: results in SUCCESS never are. */
export function answerEntry(id: string, answer: LateAnswer, receipt: string): ResultEntry {
  return entryOf(id, "SUCCESS", { receipt, ...answer });
}

function entryOf(id: string, state: string, result: PlainObject): ResultEntry {
  const document = toResultDocument({ taskId: id, state, result, now: formatIsoTime(Date.now()) });
  return { document, correlationId: id };
}

/** What the store holds under a completion's id. */
export type Completion =
  | { readonly state: "none" }
  | { readonly state: "promised"; readonly untilMs: number }
  | { readonly state: "answered"; readonly answer: LateAnswer; readonly receipt: unknown };

/** Reads it. Throws DecodeError `bad_result` for something else. */
export async function readCompletion(backend: ResultBackend, id: string): Promise<Completion> {
  return toCompletion(await backend.get(id));
}

/** The same for a document. */
export function toCompletion(document: ResultDocument | undefined): Completion {
  if (document === undefined) return { state: "none" };
  const { status, result } = document;
  if (!isPlainObject(result)) throw badCompletion();
  if (status === "STARTED" && typeof result["until"] === "number")
    return { state: "promised", untilMs: result["until"] };
  if (status !== "SUCCESS") throw badCompletion();
  const { receipt, error } = result;
  if (Object.hasOwn(result, "result"))
    return { state: "answered", answer: { result: result["result"] }, receipt };
  if (!isPlainObject(error)) throw badCompletion();
  const answer = { error: { type: String(error["type"]), message: String(error["message"]) } };
  return { state: "answered", answer, receipt };
}

function badCompletion(): DecodeError {
  return new DecodeError("bad_result", "What is stored as the late answer of a task is none.");
}
