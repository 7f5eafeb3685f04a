/**
 * Takes every delivery once, at whichever gateway it comes in. A claim with the id of the task is made before the task is sent,
 * and settled after it: when the process dies between the two, the sender's next attempt finds the claim open and, once its
 * lease is over, sends the task with the id that it has.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../problems.ts";
import type { StateRecord, StateStore } from "../state/state-store.ts";
import { newTaskId } from "../task-id.ts";

/** One delivery. */
export interface ClaimRequest {
  readonly key: string;
  readonly task: string;
  /** How long its repetitions are known. */
  readonly rememberMs: number;
}

/** The task of a delivery. */
export interface ClaimedTask {
  readonly taskId: string;
  readonly task: string;
  /** Sent by an earlier delivery. */
  readonly isDuplicate: boolean;
}

interface Claim {
  readonly taskId: string;
  readonly task: string;
  /** Until it is settled: whose it is, and until when. Milliseconds since 1970. */
  readonly open?: { readonly by: string; readonly untilMs: number };
}

export interface ClaimsOptions {
  readonly state: StateStore;
  /** Claims of one kind have keys of their own. */
  readonly kind: string;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Longer than a broker takes to confirm. */
const LEASE_MS = 30_000;
/** How long a repetition waits for the first to end, and how often it looks. */
const WAIT_MS = 5000;
const LOOK_MS = 50;

export class Claims {
  readonly #records: StateStore["unlisted"];
  readonly #options: ClaimsOptions;

  constructor(options: ClaimsOptions) {
    this.#records = options.state.unlisted;
    this.#options = options;
  }

  /**
   * Runs `send` with the id that the task shall have, unless the delivery has had its task. Rejects with what `send` rejects
   * with, and the next attempt may send at once; with Problem `temporary-reduced-capacity` while the first is being sent.
   */
  async once(request: ClaimRequest, send: (taskId: string) => Promise<unknown>): Promise<ClaimedTask> {
    const expiresAtMs = Date.now() + request.rememberMs;
    const { taskId, task, open } = await this.#take(request, expiresAtMs);
    if (open === undefined) return { taskId, task, isDuplicate: true };
    try {
      await send(taskId);
    } catch (error) {
      await this.#reopen(request.key, { taskId, task, open }, expiresAtMs);
      throw error;
    }
    // The task is on its way: that it may be sent twice is no reason to have the sender try again.
    await this.#quietly(() => this.#put(request.key, { taskId, task }, expiresAtMs));
    return { taskId, task, isDuplicate: false };
  }

  /** The claim: an open one is ours. */
  async #take({ key, task }: ClaimRequest, expiresAtMs: number): Promise<Claim> {
    const untilMs = Date.now() + WAIT_MS;
    let taskId = newTaskId(Date.now());
    while (Date.now() < untilMs) {
      const mine: Claim = { taskId, task, open: { by: randomUUID(), untilMs: Date.now() + LEASE_MS } };
      const text = JSON.stringify(mine);
      const found = await this.#records.add(this.#options.kind, key, text, { expiresAtMs });
      if (found === undefined) return mine;
      const claim = readClaim(found);
      if (claim.open === undefined) return claim;
      if (claim.open.untilMs > Date.now()) await sleep(LOOK_MS);
      else if (claim.taskId !== taskId) taskId = claim.taskId;
      else if (await this.#put(key, mine, expiresAtMs, found.version)) return mine;
    }
    throw new Problem("temporary-reduced-capacity", {
      detail: "The same delivery is being worked on. Send it again shortly.",
    });
  }

  /** Ends the lease, unless somebody else has taken the claim over. */
  async #reopen(key: string, claim: Claim, expiresAtMs: number): Promise<void> {
    await this.#quietly(async () => {
      const found = await this.#records.get(this.#options.kind, key);
      if (found === undefined || readClaim(found).open?.by !== claim.open?.by) return;
      const over: Claim = { ...claim, open: { by: "", untilMs: 0 } };
      await this.#put(key, over, expiresAtMs, found.version);
    });
  }

  async #put(key: string, claim: Claim, expiresAtMs: number, ifVersion?: number): Promise<boolean> {
    const options = { expiresAtMs, ...(ifVersion === undefined ? {} : { ifVersion }) };
    return (await this.#records.put(this.#options.kind, key, JSON.stringify(claim), options)) !== undefined;
  }

  async #quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.onWarning("What became of a delivery could not be written down", error);
    }
  }
}

function readClaim({ value }: StateRecord): Claim {
  return JSON.parse(value) as Claim;
}
