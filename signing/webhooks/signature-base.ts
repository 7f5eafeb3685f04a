/** The text that an HTTP message signature signs (RFC 9421 §2.5). */
import { EncodeError } from "../../protocol/index.ts";
import { type HttpMessage, type HttpRequest, headerValues } from "./http-message.ts";
import {
  type CoveredComponents,
  type SignatureComponent,
  writeComponent,
  writeCovered,
} from "./structured-fields.ts";

type Target = Pick<HttpRequest, "method" | "url">;

/** The derived components of RFC 9421 §2.2 that are known here, taken from a request. */
const REQUEST_COMPONENTS: Readonly<Record<string, (target: Target) => string>> = {
  "@method": ({ method }) => method,
  "@target-uri": ({ url }) => url,
  "@scheme": ({ url }) => parseUrl(url).protocol.slice(0, -1),
  "@authority": ({ url }) => parseUrl(url).host,
  "@path": ({ url }) => parseUrl(url).pathname,
  "@query": ({ url }) => parseUrl(url).search || "?",
};

/** Anything else would make two messages out of one text. */
const FIELD_VALUE = /^[\t\x20-\x7e]*$/;

/**
 * The signature base: a line for each component, and one for the parameters. The only parameter of a component that is
 * known is `req`, which takes it from the request that a response answers. Throws EncodeError for a component that is
 * unknown, listed twice or missing in the message.
 */
export function signatureBase(message: HttpMessage, covered: CoveredComponents): string {
  const lines = new Map<string, string>();
  for (const component of covered.components) {
    const identifier = writeComponent(component);
    if (lines.has(identifier)) throw new EncodeError(`The component ${identifier} is listed twice.`);
    lines.set(identifier, `${identifier}: ${componentValue(message, component, identifier)}`);
  }
  return [...lines.values(), `"@signature-params": ${writeCovered(covered)}`].join("\n");
}

function componentValue(
  message: HttpMessage,
  [name, parameters]: SignatureComponent,
  identifier: string,
): string {
  const isOfRequest = parameters.get("req") === true;
  if (parameters.size > (isOfRequest ? 1 : 0)) throw unknown(identifier);
  if (isOfRequest && !("status" in message)) throw unknown(identifier);
  const source = isOfRequest && "status" in message ? message.request : message;
  if (!name.startsWith("@")) return fieldValue(source.headers, name, identifier);
  if (name === "@status" && "status" in source) return String(source.status);
  const derive = Object.hasOwn(REQUEST_COMPONENTS, name) ? REQUEST_COMPONENTS[name] : undefined;
  if (derive === undefined || !("method" in source)) throw unknown(identifier);
  return derive(source);
}

function fieldValue(headers: HttpMessage["headers"], name: string, identifier: string): string {
  const values = headerValues(headers, name);
  if (values.length === 0 || name !== name.toLowerCase()) {
    throw new EncodeError(`The message has no ${identifier}, which its signature covers; set that header.`);
  }
  const value = values.map((item) => item.trim()).join(", ");
  if (FIELD_VALUE.test(value)) return value;
  throw new EncodeError(
    `The header ${identifier} has characters other than ASCII text and cannot be signed.`,
  );
}

function parseUrl(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new EncodeError("The URL of a request to sign is absolute, such as https://example.com/hook.");
}

function unknown(identifier: string): EncodeError {
  return new EncodeError(`The component ${identifier} is not known for this message.`);
}
