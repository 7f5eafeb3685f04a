/** conformance/vectors/seals.json. */
import type { PlainObject, WireMessage } from "../../protocol/index.ts";
import type { SealClaims } from "../../signing/index.ts";
import { vectors } from "../helpers/vectors.ts";

interface KeyVector {
  readonly kid: string;
  readonly private_pem: string;
  readonly public_pem: string;
}

/** A message, its seal, and what a verifier of that audience says who read it from that queue. */
export interface SealVector {
  readonly name: string;
  /** `ok`, or the code of the error. */
  readonly verdict: string;
  readonly read_from: string;
  readonly audience: string | null;
  readonly headers: PlainObject;
  readonly properties: Readonly<
    Record<"reply_to" | "correlation_id" | "content_type" | "content_encoding", string | null>
  >;
  readonly body_b64: string;
  readonly seal: unknown;
  /** Only of accepted ones, like `signing_input`. */
  readonly claims?: SealClaims;
  readonly signing_input?: string;
}

interface SealVectors {
  readonly now_ms: number;
  readonly max_age_seconds: number;
  readonly keys: Readonly<Record<"trusted" | "stranger", KeyVector>>;
  readonly messages: readonly SealVector[];
}

export const sealVectors: SealVectors = vectors<SealVectors>("seals");

/** The message without its seal. */
export function toMessage({ headers, properties, body_b64: body }: SealVector): WireMessage {
  const { reply_to, correlation_id, content_type, content_encoding } = properties;
  return {
    headers,
    body: Buffer.from(body, "base64"),
    contentType: content_type ?? undefined,
    contentEncoding: content_encoding ?? undefined,
    properties: {
      deliveryMode: 2,
      priority: 0,
      ...(reply_to === null ? {} : { replyTo: reply_to }),
      ...(correlation_id === null ? {} : { correlationId: correlation_id }),
    },
  };
}
