/**
 * Requests that may be repeated: the first of a key does the work, the others get its answer. The record of a key is made
 * before anything is sent, so that of many requests at many gateways one is the first. Its gateway claims the record again
 * and again while the work goes on; whoever finds a claim that has run out takes over, with the same task id.
 */
import { createHash } from "node:crypto";
import { type Answer, problemAnswer } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { toProblem } from "../http-status.ts";
import { PROBLEMS, Problem } from "../problems.ts";
import type { StateRecord, StateStore } from "../state/state-store.ts";
import { uuidOf } from "./name-uuid.ts";

export interface IdempotencyOptions {
  readonly state: StateStore;
  /** How long a key counts. */
  readonly keepMs: number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** One request with a key. */
export interface KeyedRequest {
  readonly key: string;
  /** What the request is about, beside its method and path: the media type and the bytes of its body. */
  readonly content: readonly (string | Buffer)[];
}

/** What the work gets to know. */
export interface FirstRun {
  /** Of this key at this path, for this caller: always the same. */
  readonly taskId: string;
  /** True when another run of this key did not end: the task may have been sent. */
  readonly isTakeover: boolean;
}

/** How a key stands in the store. */
interface KeyRecord {
  readonly fingerprint: string;
  /** While the work is going on: when it may be taken over. Milliseconds since 1970. */
  readonly untilMs?: number;
  readonly answer?: Answer;
}

const KIND = "idempotency";
/** Answers larger than this are not kept: the task is then told by its id alone. */
const MAX_KEPT_TEXT = 1024 * 1024;
/** After a gateway's death its keys are its own for so long. */
const LEASE_MS = 10_000;
const RENEW_MS = 3000;

export class Idempotency {
  readonly #options: IdempotencyOptions;

  constructor(options: IdempotencyOptions) {
    this.#options = options;
  }

  /**
   * Does the work, or finds the answer that it had. Throws Problem `idempotency-key-reused` for a key that stands for another
   * request, `idempotency-in-progress` while the first one runs, and what the work throws.
   */
  async run(
    exchange: Exchange,
    request: KeyedRequest,
    work: (run: FirstRun) => Promise<Answer>,
  ): Promise<Answer> {
    const { records } = this.#options.state;
    const scope = [
      exchange.caller.tenant ?? "",
      exchange.caller.id,
      exchange.req.method ?? "",
      exchange.path,
    ];
    const name = digest([...scope, request.key]);
    const fingerprint = digest([...scope, ...request.content]);
    const nowMs = Date.now();
    const expiresAtMs = nowMs + this.#options.keepMs;
    const claim = claimOf(fingerprint);
    const found = await records.add(KIND, name, claim, { expiresAtMs });
    if (found !== undefined) {
      const answer = await this.#again(found, fingerprint, claim, expiresAtMs);
      if (answer !== undefined) return answer;
    }
    const run: FirstRun = { taskId: uuidOf(...scope, request.key), isTakeover: found !== undefined };
    const renewal = this.#renewAgainAndAgain(name, claim, expiresAtMs);
    let answer: Answer;
    try {
      answer = await work(run);
    } catch (error) {
      clearInterval(renewal);
      const problem = toProblem(error);
      if (isLasting(problem)) {
        await this.#keep(name, { fingerprint, answer: problemAnswer(problem, exchange.base) }, expiresAtMs);
      } else await records.delete(KIND, name);
      throw error;
    }
    clearInterval(renewal);
    const kept = answer.text.length > MAX_KEPT_TEXT ? withoutResult(answer, run.taskId) : answer;
    try {
      await this.#keep(name, { fingerprint, answer: kept }, expiresAtMs);
    } catch (error) {
      // What is done is done, and the caller shall know. A repetition takes over, and finds the task in the index.
      this.#options.onWarning("An answer could not be kept for its Idempotency-Key", error);
    }
    return answer;
  }

  /** The answer that the key has; undefined when its first run was lost, and this one has taken over. */
  async #again(
    found: StateRecord,
    fingerprint: string,
    claim: string,
    expiresAtMs: number,
  ): Promise<Answer | undefined> {
    const record = JSON.parse(found.value) as KeyRecord;
    if (record.fingerprint !== fingerprint) throw new Problem("idempotency-key-reused");
    if (record.answer !== undefined) {
      return { ...record.answer, headers: { ...record.answer.headers, "idempotent-replayed": "true" } };
    }
    if ((record.untilMs ?? 0) > Date.now()) throw new Problem("idempotency-in-progress");
    const { records } = this.#options.state;
    const version = await records.put(KIND, found.key, claim, { expiresAtMs, ifVersion: found.version });
    if (version === undefined) throw new Problem("idempotency-in-progress");
    return undefined;
  }

  /** Until the timer is cleared, or somebody else has the claim. */
  #renewAgainAndAgain(name: string, claim: string, expiresAtMs: number): NodeJS.Timeout {
    const { records } = this.#options.state;
    let mine = claim;
    const renew = async (): Promise<void> => {
      const found = await records.get(KIND, name);
      if (found?.value !== mine) return clearInterval(timer);
      const { fingerprint } = JSON.parse(mine) as KeyRecord;
      const next = claimOf(fingerprint);
      if ((await records.put(KIND, name, next, { expiresAtMs, ifVersion: found.version })) !== undefined)
        mine = next;
    };
    const timer = setInterval(() => {
      renew().catch((error: unknown) => {
        this.#options.onWarning("An Idempotency-Key could not be claimed again; trying again", error);
      });
    }, RENEW_MS);
    return timer;
  }

  async #keep(name: string, record: KeyRecord, expiresAtMs: number): Promise<void> {
    await this.#options.state.records.put(KIND, name, JSON.stringify(record), { expiresAtMs });
  }
}

function claimOf(fingerprint: string): string {
  const record: KeyRecord = { fingerprint, untilMs: Date.now() + LEASE_MS };
  return JSON.stringify(record);
}

/** What is wrong with the request itself is wrong the next time too. */
function isLasting({ type }: Problem): boolean {
  const { status } = PROBLEMS[type];
  return (
    status >= 400 && status < 500 && status !== 429 && status !== 409 && status !== 408 && status !== 413
  );
}

function withoutResult({ headers }: Answer, taskId: string): Answer {
  return { status: 202, contentType: "application/json", text: JSON.stringify({ id: taskId }), headers };
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("base64url");
}
