/**
 * The deliveries of hooks, newest first: what came in from senders that proved who they are, and what became of it. Bodies lie
 * apart, so that a listing does not read them.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { StateStore } from "../state/state-store.ts";
import type { Hook } from "./hook.ts";
import { HOOK_DEFAULTS } from "./hook-options.ts";

export type DeliveryOutcome = "accepted" | "ignored" | "failed" | "greeted";

/** One delivery, without its body. */
export interface Delivery {
  readonly id: string;
  readonly receivedAtMs: number;
  readonly outcome: DeliveryOutcome;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly size: number;
  readonly deliveryId?: string;
  readonly rule?: number;
  readonly taskId?: string;
  readonly task?: string;
  readonly error?: string;
  readonly replayOf?: string;
}

const KIND = "hook-delivery";
const BODY_KIND = "hook-body";
const DAY_MS = 24 * 60 * 60 * 1000;
/** Old deliveries are removed after so many new ones, as a part of those that are kept. */
const TRIM_EVERY = 0.2;
const MAX_HEADER_TEXT = 1000;
const MAX_HEADERS = 64;

/** Headers whose values are secrets, or let others repeat the delivery. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "webhook-signature",
  "x-hub-signature",
  "x-hub-signature-256",
  "stripe-signature",
  "x-slack-signature",
  "signature",
]);

/** The headers of a delivery as they may be kept. */
export function headersToKeep(headers: IncomingHttpHeaders, { options }: Hook): Record<string, string> {
  const own = [options.hmac?.header, options.api_key?.header, "x-api-key"];
  const secret = new Set(own.map((name) => name?.toLowerCase()));
  const kept = Object.entries(headers).slice(0, MAX_HEADERS);
  return Object.fromEntries(
    kept.map(([name, value]) => {
      const isSecret = SECRET_HEADERS.has(name) || secret.has(name);
      return [name, isSecret ? "[removed]" : String(value).slice(0, MAX_HEADER_TEXT)];
    }),
  );
}

export class DeliveryLog {
  readonly #records: StateStore["records"];
  /** Deliveries since the last trim, by the key of the hook. */
  readonly #added = new Map<string, number>();

  constructor(state: StateStore) {
    this.#records = state.records;
  }

  async add(hook: Hook, delivery: Delivery, body: Buffer): Promise<void> {
    const { keep = HOOK_DEFAULTS.keep, days = HOOK_DEFAULTS.days } = hook.options.log ?? {};
    const options = { expiresAtMs: delivery.receivedAtMs + days * DAY_MS };
    const key = keyOf(hook, delivery.id);
    await Promise.all([
      this.#records.put(KIND, key, JSON.stringify(delivery), options),
      this.#records.put(BODY_KIND, key, JSON.stringify(body.toString("base64")), options),
    ]);
    const added = (this.#added.get(hook.key) ?? 0) + 1;
    this.#added.set(hook.key, added);
    if (added < Math.max(1, keep * TRIM_EVERY)) return;
    this.#added.delete(hook.key);
    await this.#trim(hook, keep);
  }

  async get(hook: Hook, id: string): Promise<Delivery | undefined> {
    const found = await this.#records.get(KIND, keyOf(hook, id));
    return found === undefined ? undefined : (JSON.parse(found.value) as Delivery);
  }

  /** The bytes as they came; undefined once they are forgotten. */
  async body(hook: Hook, id: string): Promise<Buffer | undefined> {
    const found = await this.#records.get(BODY_KIND, keyOf(hook, id));
    return found === undefined ? undefined : Buffer.from(JSON.parse(found.value) as string, "base64");
  }

  /** Newest first, those before `after`. */
  async list(
    hook: Hook,
    { after, limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly Delivery[]> {
    const prefix = keyOf(hook, "");
    const from = after === undefined ? {} : { after: prefix + after };
    const found = await this.#records.list(KIND, { prefix, limit, ...from });
    return found.map(({ value }) => JSON.parse(value) as Delivery);
  }

  async #trim(hook: Hook, keep: number): Promise<void> {
    const prefix = keyOf(hook, "");
    const kept = await this.#records.list(KIND, { prefix, limit: keep });
    let after = kept.at(-1)?.key;
    while (kept.length === keep && after !== undefined) {
      const old = await this.#records.list(KIND, { prefix, after, limit: 100 });
      for (const { key } of old) {
        await this.#records.delete(KIND, key);
        await this.#records.delete(BODY_KIND, key);
      }
      after = old.at(-1)?.key;
    }
  }
}

function keyOf({ key }: Hook, id: string): string {
  return `${key}/${id}`;
}
