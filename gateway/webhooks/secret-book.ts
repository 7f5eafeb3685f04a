/** What callbacks are signed with. */
import type { KeyObject } from "node:crypto";
import { ConfigurationError } from "../../protocol/index.ts";
import {
  generateWebhookSecret,
  type HttpSignatureKey,
  type Jwks,
  loadPrivateKey,
  signHttp,
  signWebhook,
  type TimedSecret,
  thumbprint,
  toJwks,
} from "../../signing/index.ts";
import type { StateStore } from "../state/state-store.ts";
import type { StoredSecret } from "./endpoint.ts";
import { SECRETS } from "./places.ts";

/** A request that is to be signed. */
export interface Unsigned {
  readonly id: string;
  readonly url: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly at: Date;
  /** Of the endpoint; undefined for a URL that a request named. */
  readonly secrets: readonly StoredSecret[] | undefined;
}

const DEFAULT_SECRET = "default";

export class SecretBook {
  readonly #state: StateStore;
  readonly #shared: readonly (string | TimedSecret)[];
  readonly #asymmetric: readonly (string | TimedSecret)[];
  readonly #httpKey: HttpSignatureKey | undefined;
  #made: string | undefined;

  /** Throws ConfigurationError for secrets and keys that cannot sign. */
  constructor(
    state: StateStore,
    { secrets = [], signingKey }: { secrets?: readonly (string | TimedSecret)[]; signingKey?: string },
  ) {
    this.#state = state;
    this.#asymmetric = secrets.filter((item) => textOf(item).startsWith("whsk_"));
    this.#shared = secrets.filter((item) => !this.#asymmetric.includes(item));
    // Signing once tells now what is wrong with a secret.
    if (secrets.length > 0) signWebhook(Buffer.alloc(0), { id: "check", secrets });
    this.#httpKey = signingKey === undefined ? undefined : readSigningKey(signingKey);
  }

  /** Headers of Standard Webhooks, and those of RFC 9421 when there is a key. */
  async sign({
    id,
    url,
    body,
    contentType,
    at,
    secrets,
  }: Unsigned): Promise<Readonly<Record<string, string>>> {
    const own = secrets === undefined ? await this.#defaults() : secrets.map(toTimedSecret);
    const headers = {
      "content-type": contentType,
      ...signWebhook(body, { id, secrets: [...own, ...this.#asymmetric], timestamp: at }),
    };
    if (this.#httpKey === undefined) return headers;
    const request = { method: "POST", url: new URL(url).href, headers, body };
    return { ...headers, ...signHttp(request, { key: this.#httpKey, created: at }) };
  }

  /** The public half of the key for HTTP message signatures. */
  get jwks(): Jwks | undefined {
    return this.#httpKey === undefined ? undefined : toJwks([this.#httpKey.key]);
  }

  /** One secret for all gateways that share the state, made by the first that needs it. */
  async #defaults(): Promise<readonly (string | TimedSecret)[]> {
    if (this.#shared.length > 0) return this.#shared;
    if (this.#made === undefined) {
      const made = generateWebhookSecret();
      const there = await this.#state.records.add(SECRETS, DEFAULT_SECRET, JSON.stringify(made));
      this.#made = there === undefined ? made : (JSON.parse(there.value) as string);
    }
    return [this.#made];
  }
}

function textOf(item: string | TimedSecret): string {
  return typeof item === "string" ? item : item.secret;
}

function toTimedSecret({ secret, validUntilMs }: StoredSecret): TimedSecret {
  return { secret, ...(validUntilMs === undefined ? {} : { validUntil: new Date(validUntilMs) }) };
}

function readSigningKey(source: string): HttpSignatureKey {
  const key: KeyObject = loadPrivateKey(source);
  if (key.asymmetricKeyType !== "ed25519")
    throw new ConfigurationError("The signing key of webhooks must be an Ed25519 key.");
  return { key, keyid: thumbprint(key) };
}
