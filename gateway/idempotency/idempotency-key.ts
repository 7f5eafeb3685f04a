/** The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a string, quoted as the draft says or bare as most send it. */
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";

/** Printable ASCII without quotes and backslashes: 1 to 255 characters. */
const KEY = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/;

/** undefined without one. Throws Problem `invalid-arguments` for one that is no such text, or for two. */
export function readIdempotencyKey({ req }: Exchange): string | undefined {
  const header = req.headers["idempotency-key"];
  return header === undefined ? undefined : checkIdempotencyKey(String(header), "Idempotency-Key");
}

/** `where` is named in the problem. */
export function checkIdempotencyKey(text: string, where: string): string {
  const key = text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  if (KEY.test(key)) return key;
  const detail = `${where} must be 1 to 255 visible ASCII characters without spaces, quotes and backslashes, such as a UUID.`;
  throw new Problem("invalid-arguments", { detail });
}
