/** What an attempt says of the endpoint it went to. */
import type { DisabledBecause, Endpoint } from "./endpoint.ts";
import type { EndpointBook } from "./endpoint-book.ts";
import type { Verdict } from "./judge.ts";

export interface HealthNews {
  readonly prefix: string;
  /** As it was when the attempt began. */
  readonly endpoint: Endpoint;
  readonly verdict: Verdict;
  readonly nowMs: number;
  /** How long everything has to fail. */
  readonly disableAfterMs: number;
}

/** Notes since when an endpoint fails, and disables one that is gone or has failed for long; resolves with why. */
export async function noteHealth(book: EndpointBook, news: HealthNews): Promise<DisabledBecause | undefined> {
  const { prefix, endpoint, verdict, nowMs } = news;
  const { failingSinceMs, disabled, name, url } = endpoint;
  if (verdict.kind === "delivered") {
    if (failingSinceMs !== null)
      await book.change(prefix, name, (there) => there && { ...there, failingSinceMs: null });
    return undefined;
  }
  const sinceMs = failingSinceMs ?? nowMs;
  const reason = whyDisabled(news, sinceMs);
  const isKnown = failingSinceMs !== null && (reason === undefined || disabled !== null);
  if (isKnown) return undefined;
  await book.change(prefix, name, (there) => {
    // Another URL has begun anew.
    if (there === undefined || there.url !== url) return there;
    return {
      ...there,
      failingSinceMs: there.failingSinceMs ?? sinceMs,
      disabled: there.disabled ?? (reason === undefined ? null : { reason, atMs: nowMs }),
    };
  });
  return reason;
}

function whyDisabled(
  { verdict, nowMs, disableAfterMs }: HealthNews,
  sinceMs: number,
): DisabledBecause | undefined {
  if (verdict.kind === "gone") return "gone";
  return nowMs - sinceMs >= disableAfterMs ? "failing" : undefined;
}
