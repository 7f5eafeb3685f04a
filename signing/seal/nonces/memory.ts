/** Nonces in this process: enough for one worker, until it restarts. */
import {
  NONCE_DONE,
  type NonceClaim,
  type NonceState,
  type NonceStore,
  nonceStartedBy,
  nonceStateOf,
} from "../nonce-store.ts";

export interface MemoryNoncesOptions {
  /** Nonces held at most; then those that expire first are forgotten. Default a million, about 150 MB. */
  readonly maxNonces?: number;
  readonly now?: () => number;
}

const MAX_NONCES = 1_000_000;
/** Nonces that expire within the same span are forgotten together. */
const SPAN_MS = 10_000;

export function createMemoryNonceStore(options: MemoryNoncesOptions = {}): NonceStore {
  const { maxNonces = MAX_NONCES, now = Date.now } = options;
  /** Noted texts by name, by span of expiry. */
  const spans = new Map<number, Map<string, string>>();
  let size = 0;
  /** The last span that was forgotten before its time. */
  let forgotten = Number.NEGATIVE_INFINITY;

  const spanOf = ({ expiresAtMs }: NonceClaim): number => Math.floor(expiresAtMs / SPAN_MS);

  const forget = (span: number): void => {
    size -= spans.get(span)?.size ?? 0;
    spans.delete(span);
  };

  /** Makes room when a span begins: what has expired goes first. */
  const openSpan = (span: number): Map<string, string> => {
    const opened = new Map<string, string>();
    spans.set(span, opened);
    const current = Math.floor(now() / SPAN_MS);
    for (const known of [...spans.keys()]) if (known < current) forget(known);
    return opened;
  };

  const write = (claim: NonceClaim, text: string): void => {
    const span = spanOf(claim);
    const names = spans.get(span) ?? openSpan(span);
    if (!names.has(claim.name)) size += 1;
    names.set(claim.name, text);
    while (size > maxNonces) {
      forgotten = Math.min(...spans.keys());
      forget(forgotten);
    }
  };

  const claimOne = (claim: NonceClaim): NonceState => {
    const noted = spans.get(spanOf(claim))?.get(claim.name);
    if (noted !== undefined) return nonceStateOf(noted, claim);
    if (spanOf(claim) <= forgotten) return "forgotten";
    write(claim, nonceStartedBy(claim));
    return "new";
  };

  return {
    name: "memory",
    claim: async (claims) => claims.map(claimOne),
    async done(claims) {
      for (const claim of claims) if (spanOf(claim) > forgotten) write(claim, NONCE_DONE);
    },
    async release(claims) {
      for (const claim of claims) if (spans.get(spanOf(claim))?.delete(claim.name) === true) size -= 1;
    },
    async close() {
      spans.clear();
      size = 0;
    },
  };
}
