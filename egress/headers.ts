/** Headers of a call that strangers may choose. */
import { validateHeaderName, validateHeaderValue } from "node:http";

/** Headers that say where a request goes, where it ends, or how its connection is used. */
const OURS: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What is wrong with the headers of a call; undefined when nothing is. */
export function faultOfHeaders(headers: Readonly<Record<string, string>>): string | undefined {
  for (const [name, value] of Object.entries(headers)) {
    if (OURS.has(name.toLowerCase())) return `The header "${name}" cannot be chosen.`;
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      return `The header ${JSON.stringify(name)} has characters that headers cannot hold.`;
    }
  }
  return undefined;
}
