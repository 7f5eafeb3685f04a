/**
 * Tasks that would be the same task again. A key is claimed before its task is sent, so that of many requests at many gateways
 * one is the first; a claim whose task was never sent gives way after a moment.
 */
import { hash } from "node:crypto";
import type { App } from "../../app/index.ts";
import { isReady } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";
import type { StateRecord, StateStore } from "../state/state-store.ts";
import { writeJson } from "../task-view.ts";
import { readDelay } from "../times.ts";
import type { DEDUPE_MODES } from "./schemas.ts";

export type DedupeMode = (typeof DEDUPE_MODES)[number];

/** The member `dedupe` of a request, once its schema has accepted it. */
export interface DedupeRequest {
  readonly key: string;
  readonly window?: number | string;
  readonly mode?: DedupeMode;
}

/** A task that may be a duplicate. */
export interface DedupeCandidate {
  readonly id: string;
  readonly task: string;
  readonly args: unknown;
  readonly kwargs: unknown;
  /** Tenants have no keys in common. */
  readonly tenant: string | undefined;
  readonly request: DedupeRequest;
  /** A task that is not waiting any more, whatever the record of the key says. */
  readonly gone?: string | undefined;
}

/** What shall become of a candidate. */
export type DedupeVerdict =
  /** The first of its key: send it, then confirm; or release it, when it could not be sent. */
  | { readonly kind: "first"; readonly claim: DedupeClaim }
  /** Send it, and revoke the task that was there. */
  | { readonly kind: "replace"; readonly claim: DedupeClaim; readonly id: string }
  /** A duplicate: answer with the task that is there. */
  | { readonly kind: "duplicate"; readonly id: string }
  /** Hold it until the task that is there has ended. */
  | {
      readonly kind: "after";
      readonly claim: DedupeClaim;
      readonly id: string;
      readonly untilMs: number;
    }
  /** Put it in the place of the task that waits already. */
  | { readonly kind: "instead"; readonly id: string; readonly after: string; readonly untilMs: number };

export interface DedupeClaim {
  /** The task is sent. */
  confirm(): Promise<void>;
  /** It could not be sent: the key is free again, or as it was. */
  release(): Promise<void>;
}

interface KeyRecord {
  readonly id: string;
  /** The newest duplicate, which waits for the task to end. */
  readonly waiting?: string;
  /** Until the task is sent: when another may have the key. Milliseconds since 1970. */
  readonly claimedUntilMs?: number;
}

const KIND = "dedupe";
const DEFAULT_WINDOW_SECONDS = 600;
/** Longer than sending takes. */
const CLAIM_MS = 30_000;
/** How often a change of a key by another gateway makes one start again. */
const MAX_TRIES = 5;

export class Dedupe {
  readonly #state: StateStore;
  readonly #app: App;

  constructor(options: { readonly state: StateStore; readonly app: App }) {
    this.#state = options.state;
    this.#app = options.app;
  }

  /** Throws Problem `duplicate-task` in mode reject, and `idempotency-in-progress` while a first task is being sent. */
  async judge(candidate: DedupeCandidate): Promise<DedupeVerdict> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const verdict = await this.#judgeOnce(candidate);
      if (verdict !== undefined) return verdict;
    }
    throw new Problem("idempotency-in-progress", {
      detail: "Others send tasks with this dedupe key all the time. Nothing was sent; try again.",
    });
  }

  /** undefined when somebody else changed the key meanwhile. */
  async #judgeOnce(candidate: DedupeCandidate): Promise<DedupeVerdict | undefined> {
    const { unlisted } = this.#state;
    const nowMs = Date.now();
    const { window = DEFAULT_WINDOW_SECONDS, mode = "return" } = candidate.request;
    const untilMs = nowMs + readDelay(window, "/dedupe/window") * 1000;
    const key = keyOf(candidate);
    const claimed = write({ id: candidate.id, claimedUntilMs: nowMs + CLAIM_MS });
    const found = await unlisted.add(KIND, key, claimed, { expiresAtMs: untilMs });
    if (found === undefined) return { kind: "first", claim: this.#claim(key, candidate.id, untilMs) };

    const record = JSON.parse(found.value) as KeyRecord;
    if (record.claimedUntilMs !== undefined && record.id !== candidate.id) {
      if (record.claimedUntilMs > nowMs) throw new Problem("idempotency-in-progress");
      return this.#take(found, claimed, untilMs, () => ({
        kind: "first",
        claim: this.#claim(key, candidate.id, untilMs),
      }));
    }
    const { id } = record;
    if (mode === "reject") throw new Problem("duplicate-task", { members: { id } });
    if (mode === "return") return { kind: "duplicate", id };
    if (mode === "replace") {
      const claim = this.#claim(key, candidate.id, untilMs, found);
      return this.#take(found, claimed, untilMs, () => ({ kind: "replace", claim, id }));
    }
    if (await this.#hasEnded(id)) {
      const claim = this.#claim(key, candidate.id, untilMs);
      return this.#take(found, claimed, untilMs, () => ({ kind: "first", claim }));
    }
    if (record.waiting !== undefined && record.waiting !== candidate.gone)
      return { kind: "instead", id: record.waiting, after: id, untilMs };
    const claim = this.#claim(key, id, untilMs, found, candidate.id);
    return this.#take(found, write({ id, waiting: candidate.id }), untilMs, () => ({
      kind: "after",
      claim,
      id,
      untilMs,
    }));
  }

  async #take(
    { key, version }: StateRecord,
    value: string,
    expiresAtMs: number,
    verdict: () => DedupeVerdict,
  ): Promise<DedupeVerdict | undefined> {
    const taken = await this.#state.unlisted.put(KIND, key, value, { expiresAtMs, ifVersion: version });
    return taken === undefined ? undefined : verdict();
  }

  #claim(key: string, id: string, expiresAtMs: number, before?: StateRecord, waiting?: string): DedupeClaim {
    const { unlisted } = this.#state;
    const confirmed = write(waiting === undefined ? { id } : { id, waiting });
    return {
      confirm: async () => void (await unlisted.put(KIND, key, confirmed, { expiresAtMs })),
      release: async () => {
        if (before === undefined) await unlisted.delete(KIND, key);
        else await unlisted.put(KIND, key, before.value, { expiresAtMs: before.expiresAtMs ?? expiresAtMs });
      },
    };
  }

  async #hasEnded(id: string): Promise<boolean> {
    if (!this.#app.keepsResults) return true;
    const document = await (await this.#app.backend()).get(id);
    return document !== undefined && isReady(document.status);
  }
}

function keyOf({ task, args, kwargs, tenant, request }: DedupeCandidate): string {
  const name = request.key === "content" ? ["content", writeJson([args, kwargs])] : ["key", request.key];
  return hash("sha256", JSON.stringify([tenant ?? null, task, ...name]), "base64url");
}

function write(record: KeyRecord): string {
  return JSON.stringify(record);
}
