/** Accept-Signature (RFC 9421 §5): asking for a signature, and reading what is asked for. */
import { randomBytes } from "node:crypto";
import { type HttpHeaders, headerValues } from "./http-message.ts";
import { LABEL, NONCE, requiredComponents, SIGNATURE_TAG } from "./http-signature-profile.ts";
import { type BareItem, readCovered, writeComponent, writeCovered } from "./structured-fields.ts";

/** A signature that the other side asks for. */
export interface RequestedSignature {
  /** The name to give it. */
  readonly label: string;
  readonly keyid?: string;
  readonly nonce?: string;
}

/**
 * The header value that asks for a signature of our profile: in a request for one of its response, in a response for one
 * of the next request. The nonce ties the answer to this question; verifyHttp() compares it.
 */
export function acceptSignature(
  kind: "request" | "response",
  { label = "celery", keyid, nonce }: Partial<RequestedSignature> = {},
): string {
  const parameters = new Map<string, BareItem>([
    ["created", true],
    ["expires", true],
    ["nonce", nonce ?? randomBytes(16).toString("base64url")],
  ]);
  if (keyid !== undefined) parameters.set("keyid", keyid);
  parameters.set("tag", SIGNATURE_TAG);
  return `${label}=${writeCovered({ components: requiredComponents(kind), parameters })}`;
}

/**
 * The signature of our profile that a message asks for, or undefined when it asks for none, or for more than the profile
 * covers. Throws DecodeError when Accept-Signature cannot be read.
 */
export function requestedSignature(
  headers: HttpHeaders,
  kind: "request" | "response",
): RequestedSignature | undefined {
  if (headerValues(headers, "accept-signature").length === 0) return undefined;
  const offered = requiredComponents(kind).map(writeComponent);
  for (const [label, { components, parameters }] of readCovered(headers, "accept-signature")) {
    if (parameters.get("tag") !== SIGNATURE_TAG) continue;
    if (!LABEL.test(label) || !components.every((item) => offered.includes(writeComponent(item)))) continue;
    const [keyid, nonce] = [parameters.get("keyid"), parameters.get("nonce")];
    if (nonce !== undefined && !(typeof nonce === "string" && NONCE.test(nonce))) continue;
    return {
      label,
      ...(typeof keyid === "string" ? { keyid } : {}),
      ...(typeof nonce === "string" ? { nonce } : {}),
    };
  }
  return undefined;
}
