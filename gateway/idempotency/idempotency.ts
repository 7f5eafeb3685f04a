/**
 * Requests that may be repeated: the first of a key does the work, the others get its answer. The record of a key is made
 * before anything is sent, so that of many requests at many gateways one is the first. Its gateway claims the record again
 * and again while the work goes on; whoever finds a claim that has run out takes over, with the same task id.
 */
import { hash } from "node:crypto";
import { type AcceptedSummary, acceptedAnswer } from "../accepted-answer.ts";
import { callerKey } from "../access/caller.ts";
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
  /** What most answers are made from, in the place of them: less to write, and to keep for a day. */
  readonly accepted?: AcceptedSummary;
}

interface Failure {
  readonly problem: Problem;
  readonly exchange: Exchange;
  readonly expiresAtMs: number;
}

interface KeptAnswer {
  readonly record: KeyRecord;
  readonly expiresAtMs: number;
}

const KIND = "idempotency";
/** How long answers gather before they are written. */
const FLUSH_MS = 20;
/** Answers larger than this are not kept: the task is then told by its id alone. */
const MAX_KEPT_TEXT = 1024 * 1024;
/** After a gateway's death its keys are its own for so long. */
const LEASE_MS = 10_000;
const RENEW_MS = 3000;
/** How often claims are looked at. */
const LOOK_MS = 1000;

/** A claim of this gateway, whose work is going on. */
interface Claim {
  readonly fingerprint: string;
  readonly expiresAtMs: number;
  /** As it stands in the store. */
  text: string;
  /** When to renew it; never while that is being done, or once somebody else has it. */
  renewAtMs: number;
}

export class Idempotency {
  readonly #options: IdempotencyOptions;
  readonly #claims = new Map<string, Claim>();
  /** Answers on their way to the store. */
  readonly #unkept = new Map<string, KeptAnswer>();
  #flushTimer: NodeJS.Timeout | undefined;
  #renewTimer: NodeJS.Timeout | undefined;

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
    const scope = [callerKey(exchange.caller), exchange.req.method ?? "", exchange.path, request.key];
    const name = digest(scope);
    const fingerprint = digest(request.content);
    const nowMs = Date.now();
    const expiresAtMs = nowMs + this.#options.keepMs;
    const text = claimOf(fingerprint, nowMs);
    const found = await this.#options.state.unlisted.add(KIND, name, text, { expiresAtMs });
    if (found !== undefined) {
      const answer = await this.#again(exchange, found, { fingerprint, text, expiresAtMs });
      if (answer !== undefined) return answer;
    }
    const claim: Claim = { fingerprint, expiresAtMs, text, renewAtMs: nowMs + RENEW_MS };
    this.#hold(name, claim);
    let answer: Answer;
    const taskId = uuidOf(...scope);
    try {
      answer = await work({ taskId, isTakeover: found !== undefined });
    } catch (error) {
      this.#giveUp(name, claim);
      await this.#settleFailure(name, fingerprint, { problem: toProblem(error), exchange, expiresAtMs });
      throw error;
    }
    this.#giveUp(name, claim);
    if (answer.isUnfinished === true) {
      await this.#keep(name, { fingerprint, untilMs: 0 }, expiresAtMs);
      return answer;
    }
    this.#keepSoon(name, { record: toRecord(fingerprint, answer, taskId), expiresAtMs });
    return answer;
  }

  /** What the store cannot be told now it finds out when the claim ends. */
  async #settleFailure(name: string, fingerprint: string, failure: Failure): Promise<void> {
    const { problem, exchange, expiresAtMs } = failure;
    try {
      if (isLasting(problem)) {
        await this.#keep(name, { fingerprint, answer: problemAnswer(problem, exchange.base) }, expiresAtMs);
      } else await this.#options.state.unlisted.delete(KIND, name);
    } catch (error) {
      this.#options.onWarning("An Idempotency-Key could not be freed; it is free when its claim ends", error);
    }
  }

  /** The answer that the key has; undefined when its first run was lost, and this one has taken over. */
  async #again(
    exchange: Exchange,
    found: StateRecord,
    { fingerprint, text, expiresAtMs }: Pick<Claim, "fingerprint" | "text" | "expiresAtMs">,
  ): Promise<Answer | undefined> {
    const record = this.#unkept.get(found.key)?.record ?? (JSON.parse(found.value) as KeyRecord);
    if (record.fingerprint !== fingerprint) throw new Problem("idempotency-key-reused");
    const { accepted } = record;
    const answer = accepted === undefined ? record.answer : acceptedAnswer(exchange, accepted);
    if (answer !== undefined)
      return { ...answer, headers: { ...answer.headers, "idempotent-replayed": "true" } };
    if ((record.untilMs ?? 0) > Date.now()) throw new Problem("idempotency-in-progress");
    const { unlisted } = this.#options.state;
    const version = await unlisted.put(KIND, found.key, text, { expiresAtMs, ifVersion: found.version });
    if (version === undefined) throw new Problem("idempotency-in-progress");
    return undefined;
  }

  /** The claim is renewed again and again, until it is given up. One timer looks after all: most last milliseconds. */
  #hold(name: string, claim: Claim): void {
    this.#claims.set(name, claim);
    this.#renewTimer ??= setInterval(() => this.#renewDue(), LOOK_MS);
  }

  /** Unless it was lost, and another request of this gateway has taken over since. */
  #giveUp(name: string, claim: Claim): void {
    if (this.#claims.get(name) === claim) this.#claims.delete(name);
  }

  #renewDue(): void {
    const nowMs = Date.now();
    for (const [name, claim] of this.#claims) {
      if (claim.renewAtMs > nowMs) continue;
      claim.renewAtMs = Number.POSITIVE_INFINITY;
      this.#renew(name, claim, nowMs).catch((error: unknown) => {
        claim.renewAtMs = nowMs + RENEW_MS;
        this.#options.onWarning("An Idempotency-Key could not be claimed again; trying again", error);
      });
    }
    if (this.#claims.size > 0) return;
    clearInterval(this.#renewTimer);
    this.#renewTimer = undefined;
  }

  async #renew(name: string, claim: Claim, nowMs: number): Promise<void> {
    const { unlisted } = this.#options.state;
    const { fingerprint, expiresAtMs } = claim;
    const found = await unlisted.get(KIND, name);
    if (found?.value !== claim.text || this.#claims.get(name) !== claim) return;
    const text = claimOf(fingerprint, Date.now());
    const version = await unlisted.put(KIND, name, text, { expiresAtMs, ifVersion: found.version });
    if (version === undefined) return;
    claim.text = text;
    claim.renewAtMs = nowMs + RENEW_MS;
  }

  /**
   * Many answers are written at once, and no caller waits for that: should this process die before, whoever repeats the request
   * takes over, and finds the task in the index.
   */
  #keepSoon(name: string, kept: KeptAnswer): void {
    this.#unkept.set(name, kept);
    this.#flushTimer ??= setTimeout(() => void this.#flush(), FLUSH_MS);
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const kept = [...this.#unkept];
    const records = kept.map(([key, { record, expiresAtMs }]) => ({
      key,
      value: JSON.stringify(record),
      expiresAtMs,
    }));
    try {
      await this.#options.state.unlisted.putAll(KIND, records);
    } catch (error) {
      this.#options.onWarning("Answers could not be kept for their Idempotency-Keys", error);
    }
    for (const [name, answer] of kept) if (this.#unkept.get(name) === answer) this.#unkept.delete(name);
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    clearInterval(this.#renewTimer);
    await this.#flush();
  }

  async #keep(name: string, record: KeyRecord, expiresAtMs: number): Promise<void> {
    await this.#options.state.unlisted.put(KIND, name, JSON.stringify(record), { expiresAtMs });
  }
}

function claimOf(fingerprint: string, nowMs: number): string {
  // JSON by hand: digests have no characters that it escapes.
  return `{"fingerprint":"${fingerprint}","untilMs":${nowMs + LEASE_MS}}`;
}

function toRecord(fingerprint: string, answer: Answer, taskId: string): KeyRecord {
  if (answer.accepted !== undefined) return { fingerprint, accepted: answer.accepted };
  return {
    fingerprint,
    answer: answer.text.length > MAX_KEPT_TEXT ? withoutResult(answer, taskId) : answer,
  };
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

/** Of texts and bodies. Lengths keep ["a", "bc"] and ["ab", "c"] apart. */
function digest(parts: readonly (string | Buffer)[]): string {
  const lengths = parts.map(({ length }) => length).join(":");
  const bytes = [`${lengths};`, ...parts].map((part) =>
    typeof part === "string" ? Buffer.from(part) : part,
  );
  return hash("sha256", Buffer.concat(bytes), "base64url");
}
