/** Finds out who sends a request, by whatever it shows. */
import type { IncomingMessage } from "node:http";
import type { Awaitable } from "../../codecs/index.ts";
import { readBody } from "../body.ts";
import type { Budget } from "../budget.ts";
import type { Exchange } from "../exchange.ts";
import type { GatewayLogger } from "../options.ts";
import type { StateStore } from "../state/state-store.ts";
import { type BasicLogin, createUsers, readBasic } from "./basic.ts";
import type { Caller } from "./caller.ts";
import { thumbprintOf } from "./client-certificate.ts";
import { type Credential, isSecret, isUsable, NO_DIGEST } from "./credential.ts";
import type { CredentialCache } from "./credential-cache.ts";
import { JwtVerifier } from "./jwt.ts";
import { idOfKey } from "./key-text.ts";
import type { AccessOptions } from "./options.ts";
import { isSigned, keyIdOf, refusalOf, type SignatureRefusal, toSignedRequest } from "./signed-request.ts";
import type { Tenants } from "./tenants.ts";

export interface AccessParts {
  readonly state: StateStore;
  /** Bytes of request bodies, of one and of all. */
  readonly bodyBytes: number;
  readonly held: Budget;
  readonly logger: GatewayLogger;
}

/** What finding out needs beside that. */
export interface IdentifierParts extends AccessParts {
  readonly tenants: Tenants;
  readonly credentials: CredentialCache;
  /** Of the URL that callers use; undefined: what their Host header says. */
  readonly publicOrigin: string | undefined;
}

/** Flower's API, whose callers know HTTP Basic only. */
const BASIC_PATH = "/api/";

/** Who calls, or why that cannot be said. */
export type Verdict = Caller | "unauthenticated" | SignatureRefusal;

/** One look at who sends a request. */
export interface Attempt {
  readonly exchange: Exchange;
  readonly nowMs: number;
  readonly address: string;
  /** More than 0: this address failed so often that nothing is looked up for it. */
  readonly blockedMs: number;
}

export class Identifier {
  readonly #parts: IdentifierParts;
  readonly #jwt: JwtVerifier | undefined;
  readonly #findUser: (login: BasicLogin) => Caller | undefined;

  /** Throws ConfigurationError for options that make no sense. */
  constructor({ jwt, users = [] }: AccessOptions, parts: IdentifierParts) {
    const { tenants, logger } = parts;
    const onWarning = (message: string, err: unknown): void => logger.warn({ err }, message);
    this.#parts = parts;
    this.#jwt = jwt === undefined ? undefined : new JwtVerifier(jwt, tenants, onWarning);
    this.#findUser = createUsers(users, tenants);
  }

  /** Who the request says that it is from, if that is true. Throws Problem when that cannot be found out now. */
  judge(attempt: Attempt): Awaitable<Verdict> {
    const { req } = attempt.exchange;
    const { authorization } = req.headers;
    if (authorization !== undefined) {
      const space = authorization.indexOf(" ");
      const scheme = authorization.slice(0, Math.max(space, 0)).toLowerCase();
      const text = authorization.slice(space + 1).trim();
      if (scheme === "bearer") return this.#judgeBearer(text, attempt);
      if (scheme === "basic" && isBasicPath(attempt.exchange)) return this.#judgeBasic(text, attempt);
      return "unauthenticated";
    }
    if (isSigned(req)) return this.#judgeSigned(attempt);
    const thumbprint = thumbprintOf(req);
    return thumbprint === undefined ? "unauthenticated" : this.#judgeCertificate(thumbprint, attempt);
  }

  #judgeBearer(token: string, attempt: Attempt): Awaitable<Verdict> {
    const known = this.#parts.credentials.ofText(token, attempt.nowMs);
    if (known !== undefined && isHere(known, attempt.exchange.req, attempt.nowMs)) return known.caller;
    const id = idOfKey(token);
    if (id !== undefined) return this.#judgeKey(id, token, attempt);
    return this.#jwt === undefined ? "unauthenticated" : this.#judgeToken(this.#jwt, token, attempt);
  }

  #judgeKey(id: string, text: string, { exchange, nowMs, blockedMs }: Attempt): Awaitable<Verdict> {
    const judge = (credential: Credential | undefined): Verdict => {
      const isRight = isSecret(text, credential?.digest ?? NO_DIGEST);
      if (!isRight || credential?.proof !== "key") return "unauthenticated";
      this.#parts.credentials.noteText(credential, text);
      return isHere(credential, exchange.req, nowMs) ? credential.caller : "unauthenticated";
    };
    const found = this.#find(id, blockedMs);
    return found instanceof Promise ? found.then(judge) : judge(found);
  }

  async #judgeToken(jwt: JwtVerifier, token: string, { exchange }: Attempt): Promise<Verdict> {
    const found = await jwt.verify(token);
    if (found === undefined) return "unauthenticated";
    const isBound = found.thumbprint !== undefined;
    return isBound && found.thumbprint !== thumbprintOf(exchange.req) ? "unauthenticated" : found.caller;
  }

  #judgeBasic(text: string, attempt: Attempt): Awaitable<Verdict> {
    const login = readBasic(text);
    if (login === undefined) return "unauthenticated";
    const id = idOfKey(login.password);
    if (id !== undefined && id === login.name) return this.#judgeKey(id, login.password, attempt);
    // A password can be guessed, so that the limit counts for right ones too.
    return (attempt.blockedMs === 0 ? this.#findUser(login) : undefined) ?? "unauthenticated";
  }

  async #judgeSigned({ exchange, nowMs, blockedMs }: Attempt): Promise<Verdict> {
    const { state, bodyBytes, held, publicOrigin } = this.#parts;
    const keyid = keyIdOf(exchange.req);
    if (keyid === undefined) return "bad-signature";
    const credential = await this.#find(keyid, blockedMs);
    if (credential === undefined && blockedMs > 0) return "bad-signature";
    // A signature covers the body, so that this has to be there first; the route finds it in the exchange.
    exchange.body = await readBody(exchange, { maxBytes: bodyBytes, held });
    const request = toSignedRequest(exchange.req, exchange.body, publicOrigin);
    const refusal = await refusalOf(request, keyid, credential, state);
    if (refusal !== undefined) return refusal;
    return credential !== undefined && isHere(credential, exchange.req, nowMs)
      ? credential.caller
      : "bad-signature";
  }

  async #judgeCertificate(thumbprint: string, { exchange, nowMs, blockedMs }: Attempt): Promise<Verdict> {
    if (blockedMs > 0) return "unauthenticated";
    const credential = await this.#parts.credentials.ofCertificate(thumbprint);
    return credential?.proof === "certificate" && isHere(credential, exchange.req, nowMs)
      ? credential.caller
      : "unauthenticated";
  }

  /** Whoever guesses ids costs the state no questions for long; ids that were right before are nobody's guess. */
  #find(id: string, blockedMs: number): Awaitable<Credential | undefined> {
    return blockedMs > 0 && !this.#parts.credentials.knows(id) ? undefined : this.#parts.credentials.get(id);
  }
}

function isHere(credential: Credential, req: IncomingMessage, nowMs: number): boolean {
  const thumbprint = credential.thumbprint === undefined ? undefined : thumbprintOf(req);
  return isUsable(credential, { thumbprint }, nowMs);
}

/** Whether HTTP Basic is taken there. */
export function isBasicPath({ req }: Exchange): boolean {
  return req.url?.startsWith(BASIC_PATH) === true;
}
