/** Credentials of the state, read again every few seconds: a revoked one ends within that time at every gateway. */
import { timingSafeEqual } from "node:crypto";
import type { Awaitable } from "../../codecs/index.ts";
import type { StateStore } from "../state/state-store.ts";
import { CERTIFICATE_KIND, KEY_KIND, toRecord } from "./api-keys.ts";
import { type Credential, toCredential } from "./credential.ts";
import { idPartOf } from "./key-text.ts";
import type { Tenants } from "./tenants.ts";

/** How long what was read counts, from when the question was asked. */
const FRESH_MS = 3000;
/** Credentials kept at most, about 2 KB each. */
const MAX_KEPT = 10_000;

interface Kept<Value> {
  readonly value: Value;
  readonly askedAtMs: number;
}

/** Values by key, each read by one question at a time. What is not there is not remembered: it may be made any moment. */
class ReadCache<Value> {
  readonly #read: (key: string) => Promise<Value | undefined>;
  readonly #kept = new Map<string, Kept<Value>>();
  readonly #reading = new Map<string, Promise<Value | undefined>>();

  constructor(read: (key: string) => Promise<Value | undefined>) {
    this.#read = read;
  }

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  /** What was read a moment ago. */
  fresh(key: string, nowMs: number): Value | undefined {
    const kept = this.#kept.get(key);
    return kept !== undefined && nowMs - kept.askedAtMs < FRESH_MS ? kept.value : undefined;
  }

  get(key: string): Awaitable<Value | undefined> {
    const nowMs = Date.now();
    const fresh = this.fresh(key, nowMs);
    if (fresh !== undefined) return fresh;
    const known = this.#reading.get(key);
    if (known !== undefined) return known;
    const reading: Promise<Value | undefined> = this.#read(key)
      .then((value) => {
        // Unless it was forgotten while it was being read.
        if (this.#reading.get(key) === reading) this.#keep(key, value, nowMs);
        return value;
      })
      .finally(() => this.#reading.get(key) === reading && this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  #keep(key: string, value: Value | undefined, askedAtMs: number): void {
    this.#kept.delete(key);
    if (value === undefined) return;
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, { value, askedAtMs });
  }

  forget(key: string): void {
    this.#kept.delete(key);
    this.#reading.delete(key);
  }
}

export class CredentialCache {
  readonly #byId: ReadCache<Credential>;
  readonly #ids: ReadCache<string>;
  /** The text that was right for a credential, as long as that is not read again. */
  readonly #texts = new WeakMap<Credential, Buffer>();

  constructor({ records }: StateStore, tenants: Tenants) {
    this.#byId = new ReadCache(async (id) => {
      const found = await records.get(KEY_KIND, id);
      return found === undefined ? undefined : toCredential(toRecord(found), tenants);
    });
    this.#ids = new ReadCache(async (thumbprint) => (await records.get(CERTIFICATE_KIND, thumbprint))?.value);
  }

  /** True for a credential that was right a while ago, so that asking for it is nobody's guess. */
  knows(id: string): boolean {
    return this.#byId.has(id);
  }

  get(id: string): Awaitable<Credential | undefined> {
    return this.#byId.get(id);
  }

  /** The text was right for this credential. */
  noteText(credential: Credential, text: string): void {
    this.#texts.set(credential, Buffer.from(text));
  }

  /** The credential that this very text was right for a moment ago: it need not be hashed again. */
  ofText(text: string, nowMs: number): Credential | undefined {
    const credential = this.#byId.fresh(idPartOf(text), nowMs);
    const right = credential && this.#texts.get(credential);
    if (right === undefined) return undefined;
    const given = Buffer.from(text);
    return given.length === right.length && timingSafeEqual(given, right) ? credential : undefined;
  }

  /** The credential that a client certificate stands for alone. */
  async ofCertificate(thumbprint: string): Promise<Credential | undefined> {
    const id = await this.#ids.get(thumbprint);
    return id === undefined ? undefined : this.get(id);
  }

  forget(id: string): void {
    this.#byId.forget(id);
  }
}
