/** The keys of an issuer: fetched or read when needed, kept for a while, and never more of them than is sensible. */
import { readFile } from "node:fs/promises";
import type { JWTVerifyGetKey } from "jose";
import { ConfigurationError } from "../../protocol/index.ts";
import { isLoopback } from "../host-guard.ts";

/** What jose has that this needs; it is loaded when the first token comes. */
export type Jose = typeof import("jose");

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 5000;
/** How long keys are kept, and how soon a key id that is not among them may make them be fetched again. */
const MAX_AGE_MS = 10 * 60_000;
const COOLDOWN_MS = 30_000;
/** How soon keys are fetched again after that failed, and a file is read again. */
const RETRY_MS = 5000;

/** The keys cannot be had: nobody can be let in, and nobody is to blame. */
export class KeysUnavailableError extends Error {
  override readonly name: string = "KeysUnavailableError";
}

/** `place` is an `https:` URL, an `http:` URL on this machine, or a file. Throws ConfigurationError. */
export function createKeyFinder(place: string): (jose: Jose) => JWTVerifyGetKey {
  const url = URL.canParse(place) && /^https?:/i.test(place) ? new URL(place) : undefined;
  if (url?.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new ConfigurationError(
      `The JWKS URL ${url.origin} must be https: whoever changes the keys on the way lets anybody in.`,
    );
  }
  let find: JWTVerifyGetKey | undefined;
  return (jose) => {
    find ??= url === undefined ? fromFile(jose, place) : fromUrl(jose, url);
    return find;
  };
}

function fromUrl(jose: Jose, url: URL): JWTVerifyGetKey {
  let failedAtMs = Number.NEGATIVE_INFINITY;
  const fetchKeys = async (target: string, init: RequestInit): Promise<Response> => {
    if (Date.now() - failedAtMs < RETRY_MS) throw new Error("They could not be fetched a moment ago.");
    failedAtMs = Date.now();
    const text = await fetchBounded(target, init);
    // Throws for what is no key set, before anybody believes that it was fetched.
    jose.createLocalJWKSet(JSON.parse(text));
    failedAtMs = Number.NEGATIVE_INFINITY;
    return new Response(text);
  };
  const find = jose.createRemoteJWKSet(url, {
    [jose.customFetch]: fetchKeys,
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: MAX_AGE_MS,
  });
  return (header, token) => find(header, token).catch((error: unknown) => rethrow(jose, error));
}

/** Redirects are not followed: jose asks for that, and takes nothing but 200. */
async function fetchBounded(target: string, init: RequestInit): Promise<string> {
  const response = await fetch(target, init);
  if (response.status !== 200) throw new Error(`The answer has the status ${response.status}.`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error(`The answer has more than ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function fromFile(jose: Jose, path: string): JWTVerifyGetKey {
  let known: Promise<JWTVerifyGetKey> | undefined;
  let readAtMs = 0;
  return async (header, token) => {
    const nowMs = Date.now();
    if (known === undefined || nowMs - readAtMs >= RETRY_MS) {
      readAtMs = nowMs;
      known = readFile(path, "utf8").then((text) => jose.createLocalJWKSet(JSON.parse(text)));
    }
    try {
      return await (await known)(header, token);
    } catch (error) {
      return rethrow(jose, error);
    }
  };
}

/** A token without a key of ours is its sender's fault; everything else here is not. */
function rethrow({ errors }: Jose, error: unknown): never {
  const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported } = errors;
  const isTokens = [JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported].some(
    (type) => error instanceof type,
  );
  throw isTokens ? error : new KeysUnavailableError("The keys cannot be had.", { cause: error });
}
