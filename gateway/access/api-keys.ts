/** The credentials in the state: made, listed and revoked. Whoever changes them here is heard by every gateway within seconds. */

import { ConfigurationError } from "../../protocol/index.ts";
import { generateWebhookSecret } from "../../signing/index.ts";
import type { StateRecord, StateStore } from "../state/state-store.ts";
import type { CredentialRecord, Proof } from "./credential.ts";
import { digestOf, makeKeyText } from "./key-text.ts";
import { checkPolicy, type Policy } from "./policy.ts";

/** Kinds of records: credentials by id, and ids by the thumbprint of a certificate that stands alone. */
export const KEY_KIND = "api-key";
export const CERTIFICATE_KIND = "api-key-certificate";

/** How long a credential that ended is still listed. */
const KEEP_ENDED_MS = 30 * 86_400_000;
/** Records that are read at a time. */
const PAGE = 100;

export interface ApiKeyRequest {
  /** For people. */
  readonly name: string;
  readonly policy?: Policy;
  /** Default: key. */
  readonly proof?: Proof;
  /** SHA-256 of a client certificate, base64url; required for the proof `certificate`. */
  readonly thumbprint?: string;
  /** `whpk_...`, for the proof `ed25519`. */
  readonly publicKey?: string;
  readonly expiresAtMs?: number;
}

/** A new credential, with what is told this once. */
export interface NewApiKey {
  readonly record: CredentialRecord;
  /** For the proof `key`. */
  readonly key?: string;
  /** For the proof `hmac`. */
  readonly secret?: string;
}

export interface ApiKeyPage {
  /** Default: those of all tenants. */
  readonly tenant?: string | undefined;
  /** Ids after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export class ApiKeys {
  readonly #state: StateStore;
  readonly #onChange: (id: string) => void;

  /** `onChange` hears of what is revoked here. */
  constructor(state: StateStore, onChange: (id: string) => void = () => undefined) {
    this.#state = state;
    this.#onChange = onChange;
  }

  /** Throws ConfigurationError for a request that makes no sense. */
  async create(request: ApiKeyRequest): Promise<NewApiKey> {
    const { name, proof = "key", policy = {}, thumbprint, publicKey, expiresAtMs } = request;
    requireParts(proof, thumbprint, publicKey);
    const { id, text } = makeKeyText();
    const secret = proof === "hmac" ? generateWebhookSecret() : undefined;
    const signingKey = secret ?? publicKey;
    const record: CredentialRecord = {
      id,
      name,
      proof,
      ...(proof === "key" ? { digest: digestOf(text).toString("hex") } : {}),
      ...(signingKey === undefined ? {} : { signingKey }),
      ...(thumbprint === undefined ? {} : { thumbprint }),
      policy: checkPolicy(policy, `the key ${name}`),
      createdAtMs: Date.now(),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    };
    const until = expiresAtMs === undefined ? {} : { expiresAtMs: expiresAtMs + KEEP_ENDED_MS };
    const { records } = this.#state;
    await records.add(KEY_KIND, id, JSON.stringify(record), until);
    if (proof === "certificate" && thumbprint !== undefined) {
      const taken = await records.add(CERTIFICATE_KIND, thumbprint, id, until);
      if (taken !== undefined) {
        await records.delete(KEY_KIND, id);
        throw new ConfigurationError(`The certificate is that of the key ${taken.value} already.`);
      }
    }
    return { record, ...(proof === "key" ? { key: text } : {}), ...(secret === undefined ? {} : { secret }) };
  }

  async get(id: string): Promise<CredentialRecord | undefined> {
    const found = await this.#state.records.get(KEY_KIND, id);
    return found === undefined ? undefined : toRecord(found);
  }

  /** By id; fewer than `limit` only at the end. */
  async list({ tenant, after, limit }: ApiKeyPage): Promise<readonly CredentialRecord[]> {
    const found: CredentialRecord[] = [];
    for (let last = after; ; ) {
      const page = await this.#state.records.list(KEY_KIND, {
        limit: PAGE,
        ...(last === undefined ? {} : { after: last }),
      });
      const records = page.map(toRecord);
      found.push(...records.filter(({ policy }) => tenant === undefined || policy.tenant === tenant));
      last = page.at(-1)?.key;
      if (found.length >= limit || page.length < PAGE) return found.slice(0, limit);
    }
  }

  /** False when there is none, or it was revoked before. It is still listed for 30 days. */
  async revoke(id: string): Promise<boolean> {
    for (;;) {
      const found = await this.#state.records.get(KEY_KIND, id);
      if (found === undefined) return false;
      const record = toRecord(found);
      if (record.revokedAtMs !== undefined) return false;
      const nowMs = Date.now();
      const put = await this.#state.records.put(
        KEY_KIND,
        id,
        JSON.stringify({ ...record, revokedAtMs: nowMs }),
        {
          ifVersion: found.version,
          expiresAtMs: nowMs + KEEP_ENDED_MS,
        },
      );
      if (put === undefined) continue;
      if (record.proof === "certificate" && record.thumbprint !== undefined)
        await this.#state.records.delete(CERTIFICATE_KIND, record.thumbprint);
      this.#onChange(id);
      return true;
    }
  }
}

/** The gateway's own record: what is in it, it wrote. */
export function toRecord({ value }: StateRecord): CredentialRecord {
  return JSON.parse(value) as CredentialRecord;
}

function requireParts(proof: Proof, thumbprint: string | undefined, publicKey: string | undefined): void {
  if (proof === "certificate" && thumbprint === undefined)
    throw new ConfigurationError('A credential with the proof "certificate" needs its thumbprint.');
  if ((proof === "ed25519") !== (publicKey !== undefined))
    throw new ConfigurationError(
      'A public key belongs to a credential with the proof "ed25519", and only there.',
    );
}
