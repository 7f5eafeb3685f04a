/** What a delivery says: the steps from its bytes to a task, without sending anything. */
import { Problem } from "../problems.ts";
import { greetingOf } from "./greetings.ts";
import type { Hook } from "./hook.ts";
import type { MappedTask } from "./mapping/rules.ts";
import type { MappingSource } from "./mapping/source.ts";
import { readDocument } from "./read-document.ts";

/** A delivery of a sender that is known. */
export interface KnownDelivery {
  readonly headers: MappingSource["headers"];
  readonly body: Buffer;
  /** What the verifier vouches for. */
  readonly verifiedId: string | undefined;
}

/** What is found on the way, so that it is known of a delivery that fails later. */
export interface Seen {
  deliveryId?: string;
  rule?: number;
}

/** A text to answer with, a task to send, or neither when no rule fits. */
export interface Interpretation {
  readonly greeting?: string;
  readonly mapped?: MappedTask;
}

/** Throws a Problem for a body that cannot be read or mapped, or that no rule fits where the hook refuses such. */
export function interpret(
  hook: Hook,
  { headers, body, verifiedId }: KnownDelivery,
  maxDepth: number,
  seen: Seen,
): Interpretation {
  const { format, json_fields: jsonFields = [], verifier, unmatched } = hook.options;
  const document = readDocument(body, headers, { format, jsonFields, maxDepth });
  const greeting = greetingOf(verifier, document, headers);
  if (greeting !== undefined) return { greeting };
  const source: MappingSource = { document, headers };
  const id = hook.deliveryId(source, verifiedId);
  if (id !== undefined) seen.deliveryId = id;
  const mapped = hook.rules.map(source);
  if (mapped === undefined) {
    if (unmatched !== "refuse") return {};
    throw new Problem("invalid-arguments", { detail: "No rule of the hook fits this delivery." });
  }
  seen.rule = mapped.rule;
  return { mapped };
}
