/** If-Match and If-None-Match of requests that change something (RFC 9110). */
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";

/** `etag` is what is there now; undefined for nothing. Throws Problem `precondition-failed`. */
export function requirePreconditions({ req }: Exchange, etag: string | undefined): void {
  const { "if-match": ifMatch, "if-none-match": ifNoneMatch } = req.headers;
  const isMissing = ifMatch !== undefined && !names(ifMatch, etag);
  const isThere = ifNoneMatch !== undefined && names(ifNoneMatch, etag);
  if (!isMissing && !isThere) return;
  throw new Problem("precondition-failed", etag === undefined ? {} : { headers: { etag } });
}

function names(header: string, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim() === etag);
}
