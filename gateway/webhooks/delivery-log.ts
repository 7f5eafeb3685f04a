/** What is to be sent, and what came of it. */
import type { StateStore } from "../state/state-store.ts";
import type { Delivery, DeliveryStatus } from "./delivery.ts";
import { BODIES, DELIVERIES, DUE } from "./places.ts";

/** What a delivery begins with. */
export interface NewDelivery
  extends Pick<Delivery, "id" | "taskId" | "task" | "type" | "endpoint" | "url" | "contentType"> {
  readonly body: string;
}

/** `unsure`: somebody else made it a moment ago, and may not be done with that. */
export type Made = "made" | "known" | "unsure";

/** A delivery with the version of its record. */
export interface KnownDelivery {
  readonly delivery: Delivery;
  readonly version: number;
}

export interface DeliveryFilter {
  readonly task?: string;
  readonly endpoint?: string;
  readonly status?: DeliveryStatus;
  /** Id of the last one that was read. */
  readonly after?: string;
  readonly limit: number;
}

export interface DeliveryPage {
  readonly deliveries: readonly Delivery[];
  readonly next: string | undefined;
}

/** How long the maker of a delivery may take to make it due. */
const MAKING_MS = 30_000;
const PAGE = 100;
/** Deliveries that one listing looks through for those that are asked for. */
const MAX_LOOKED_AT = 2000;

export class DeliveryLog {
  readonly #state: StateStore;
  readonly #retentionMs: number;
  readonly #now: () => number;

  constructor(state: StateStore, options: { readonly retentionMs: number; readonly now: () => number }) {
    this.#state = state;
    this.#retentionMs = options.retentionMs;
    this.#now = options.now;
  }

  /** Makes a delivery and makes it due, unless there is one of this id. */
  async make(prefix: string, { body, ...facts }: NewDelivery): Promise<Made> {
    const { records, agenda } = this.#state;
    const nowMs = this.#now();
    const key = prefix + facts.id;
    const delivery: Delivery = {
      ...facts,
      status: "pending",
      attempts: [],
      attempted: 0,
      tries: 0,
      createdAtMs: nowMs,
      changedAtMs: nowMs,
      nextAtMs: nowMs,
    };
    // The body first, and the first one only: every attempt sends the same bytes.
    await records.add(BODIES, key, body, { expiresAtMs: this.#bodyExpiry(delivery) });
    const there = await records.add(DELIVERIES, key, JSON.stringify(delivery), {
      expiresAtMs: this.#expiry(delivery),
    });
    if (there !== undefined) {
      const known = readDelivery(there.value);
      if (known.status !== "pending" || (await agenda.get(DUE, key)) !== undefined) return "known";
      if (nowMs - known.createdAtMs < MAKING_MS) return "unsure";
    }
    await agenda.put(DUE, { id: key, dueAtMs: nowMs, value: "" });
    return "made";
  }

  async find(key: string): Promise<KnownDelivery | undefined> {
    const record = await this.#state.records.get(DELIVERIES, key);
    return record === undefined
      ? undefined
      : { delivery: readDelivery(record.value), version: record.version };
  }

  async body(key: string): Promise<string | undefined> {
    return (await this.#state.records.get(BODIES, key))?.value;
  }

  /** False when somebody else has changed it since. */
  async save(key: string, delivery: Delivery, version: number): Promise<boolean> {
    const expiresAtMs = this.#expiry(delivery);
    const put = await this.#state.records.put(DELIVERIES, key, JSON.stringify(delivery), {
      expiresAtMs,
      ifVersion: version,
    });
    return put !== undefined;
  }

  /** Sends it again now, whatever came of it; resolves with it, or with undefined. */
  async redeliver(key: string): Promise<Delivery | undefined> {
    for (;;) {
      const known = await this.find(key);
      if (known === undefined) return undefined;
      const { reason: _over, ...before } = known.delivery;
      const nowMs = this.#now();
      const next: Delivery = { ...before, status: "pending", tries: 0, changedAtMs: nowMs, nextAtMs: nowMs };
      if (!(await this.save(key, next, known.version))) continue;
      await this.#state.agenda.put(DUE, { id: key, dueAtMs: nowMs, value: "" });
      return next;
    }
  }

  /** Those of the newest tasks first. A page may be short, or empty, and not the last. */
  async list(
    prefix: string,
    { task, endpoint, status, after, limit }: DeliveryFilter,
  ): Promise<DeliveryPage> {
    const found: Delivery[] = [];
    let cursor = after;
    for (let looked = 0; looked < MAX_LOOKED_AT; looked += PAGE) {
      const records = await this.#state.records.list(DELIVERIES, {
        prefix,
        limit: PAGE,
        ...(cursor === undefined ? {} : { after: prefix + cursor }),
      });
      for (const { value } of records) {
        const delivery = readDelivery(value);
        if (task !== undefined && delivery.taskId !== task) continue;
        if (endpoint !== undefined && delivery.endpoint !== endpoint) continue;
        if (status !== undefined && delivery.status !== status) continue;
        if (found.length === limit) return { deliveries: found, next: found.at(-1)?.id };
        found.push(delivery);
      }
      if (records.length < PAGE) return { deliveries: found, next: undefined };
      cursor = records.at(-1)?.key.slice(prefix.length);
    }
    return { deliveries: found, next: cursor };
  }

  #bodyExpiry({ createdAtMs }: Delivery): number {
    return createdAtMs + 2 * this.#retentionMs;
  }

  /** Not longer than its body, without which nothing can be sent again. */
  #expiry(delivery: Delivery): number {
    return Math.min(this.#bodyExpiry(delivery), delivery.changedAtMs + this.#retentionMs);
  }
}

function readDelivery(text: string): Delivery {
  return JSON.parse(text) as Delivery; // What stands there, this file wrote.
}
