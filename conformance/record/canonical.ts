/** Names instead of chance: a recording that is made again is the same, whatever ids, times and processes it had. */
import { createHash } from "node:crypto";
import type { AmqpWire } from "../ccp/messages.ts";
import { textOf } from "../values/tagged.ts";

/** An id that is made of names, in the form of a random UUID. */
export function namedId(...names: readonly string[]): string {
  const hex = createHash("sha256").update(names.join("/")).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The text of a time that says which one of a scenario it is; as long as the recorded one. */
export function namedTime(recorded: string, index: number): string {
  const fraction = /\.\d{6}/.test(recorded) ? `.${String(index).padStart(6, "0")}` : "";
  const zone = /(Z|[+-]\d{2}:\d{2})$/.exec(recorded)?.[0] ?? "";
  return `2026-01-01T00:00:${fraction === "" ? String(index).padStart(2, "0") : `00${fraction}`}${zone}`;
}

const SENDER = "gen1@conformance";
const REPLY_TO = "2fd65b40-e5e5-33c7-9465-3b853bffc690";

/** A message without the names of the process that sent it. */
export function withoutSender(wire: AmqpWire): AmqpWire {
  const { properties, headers } = wire;
  return {
    body_b64: wire.body_b64,
    properties: { ...properties, ...(textOf(properties["reply_to"]) !== null && { reply_to: REPLY_TO }) },
    headers: { ...headers, ...(textOf(headers["origin"]) !== null && { origin: SENDER }) },
  };
}
