/** HTTP messages as this folder sees them, whatever server or client they come from. */
import { DecodeError } from "../../protocol/index.ts";

/** Headers by name, in any case: what Node calls IncomingHttpHeaders, or Object.fromEntries() of a Fetch Headers. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request, with the exact bytes of its body. */
export interface HttpRequest {
  readonly method: string;
  /** Absolute: `https://example.com/hook?x=1`. Behind a proxy, the URL that the sender asked for. */
  readonly url: string;
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
}

/** A response, and what it answers. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
  readonly request: Pick<HttpRequest, "method" | "url" | "headers">;
}

/** A request or a response. */
export type HttpMessage = HttpRequest | HttpResponse;

/** Longer values are refused unread; the longest of an honest sender, a list of eight signatures, is a quarter of it. */
const MAX_HEADER_LENGTH = 4096;

/** All values that the headers have under a name, in any case. */
export function headerValues(headers: HttpHeaders, name: string): string[] {
  return Object.entries(headers).flatMap(([key, value]) =>
    value === undefined || key.toLowerCase() !== name.toLowerCase() ? [] : value,
  );
}

/** The one value of a header, or undefined. Throws DecodeError when there are several, or more text than is sensible. */
export function optionalHeader(headers: HttpHeaders, name: string): string | undefined {
  const [value, ...others] = headerValues(headers, name);
  if (others.length > 0)
    throw new DecodeError("bad_signature", `The header ${name} is given more than once.`);
  if (value !== undefined && value.length > MAX_HEADER_LENGTH) {
    throw new DecodeError(
      "bad_signature",
      `The header ${name} is longer than ${MAX_HEADER_LENGTH} characters.`,
    );
  }
  return value;
}

/** The one value of a header. Throws DecodeError, `unsigned` when it is missing. */
export function requiredHeader(headers: HttpHeaders, name: string): string {
  const value = optionalHeader(headers, name);
  if (value === undefined || value === "") {
    throw new DecodeError("unsigned", `The header ${name} is missing; the sender has to sign.`);
  }
  return value;
}
