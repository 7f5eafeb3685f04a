/** Changes within the frame of a signed body. Source: celery/security/serialization.py _pack. */
import type { AmqpWire } from "../ccp/messages.ts";

/** In base64, with a separator between: */
const PARTS = ["signer", "signature", "content_type", "content_encoding", "body"] as const;
const SEPARATOR = "\x00\x01";

/** What becomes of a part: another text, a text of it replaced, or that of the other message that the plan names. */
type PartChange =
  | { readonly text: string }
  | { readonly replace: readonly [from: string, to: string] }
  | { readonly other: true };

export type FrameChange = { readonly [Part in (typeof PARTS)[number]]?: PartChange };

/** The body of a message with its frame changed, in base64. */
export function withFrame(wire: AmqpWire, change: FrameChange, other: AmqpWire | undefined): string {
  const others = other === undefined ? [] : partsOf(other);
  const parts = partsOf(wire).map((text, at) => {
    const name = PARTS[at];
    const given = name === undefined ? undefined : change[name];
    if (given === undefined) return text;
    if ("text" in given) return given.text;
    return "replace" in given ? text.replace(...given.replace) : (others[at] ?? "");
  });
  const frame = Buffer.from(parts.join(SEPARATOR), "latin1").toString("base64");
  return Buffer.from(frame).toString("base64");
}

/** Every byte is a character of Latin-1. */
function partsOf({ body_b64 }: AmqpWire): readonly string[] {
  const frame = Buffer.from(String(Buffer.from(body_b64, "base64")), "base64").toString("latin1");
  return frame.split(SEPARATOR);
}
