/** Replies as bytes. Source: the RESP2 and RESP3 specifications of Redis. */
import { doubleText } from "./numbers.ts";
import {
  Double,
  Members,
  NO_LIST,
  NO_REPLY,
  Pairs,
  Push,
  Refusal,
  type Reply,
  Scored,
  Simple,
  Verbatim,
} from "./replies.ts";

/** The version of the protocol that a client speaks: HELLO changes it. */
export type ProtocolVersion = 2 | 3;

/** The bytes of a reply; none for NO_REPLY. */
export function encodeReply(reply: Reply, version: ProtocolVersion): Buffer {
  const parts: (Buffer | string)[] = [];
  write(reply, version, parts);
  return joined(parts);
}

function joined(parts: readonly (Buffer | string)[]): Buffer {
  if (parts.every((part) => typeof part === "string")) return Buffer.from(parts.join(""), "latin1");
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
}

function write(reply: Reply, version: ProtocolVersion, parts: (Buffer | string)[]): void {
  const list = (mark: string, items: readonly Reply[], count = items.length): void => {
    parts.push(`${mark}${count}\r\n`);
    for (const item of items) write(item, version, parts);
  };
  if (Buffer.isBuffer(reply)) parts.push(`$${reply.length}\r\n`, reply, "\r\n");
  else if (typeof reply === "string") parts.push(`$${reply.length}\r\n${reply}\r\n`);
  else if (typeof reply === "number" || typeof reply === "bigint") parts.push(`:${reply}\r\n`);
  else if (reply === null) parts.push(version === 3 ? "_\r\n" : "$-1\r\n");
  else if (reply === NO_LIST) parts.push(version === 3 ? "_\r\n" : "*-1\r\n");
  else if (reply === NO_REPLY) return;
  else if (reply instanceof Simple) parts.push(`+${reply.text}\r\n`);
  // A line break would end the error early.
  else if (reply instanceof Refusal) parts.push(`-${reply.message.replace(/[\r\n]/g, " ")}\r\n`);
  else if (reply instanceof Double) {
    const text = doubleText(reply.value);
    parts.push(version === 3 ? `,${text}\r\n` : `$${text.length}\r\n${text}\r\n`);
  } else if (reply instanceof Pairs) {
    if (version === 3) list("%", reply.entries.flat(), reply.entries.length);
    else list("*", reply.entries.flat());
  } else if (reply instanceof Scored) list("*", version === 3 ? reply.entries : reply.entries.flat());
  else if (reply instanceof Members) list(version === 3 ? "~" : "*", reply.items);
  else if (reply instanceof Push) list(version === 3 ? ">" : "*", reply.items);
  else if (reply instanceof Verbatim) {
    const { text } = reply;
    parts.push(version === 3 ? `=${text.length + 4}\r\ntxt:${text}\r\n` : `$${text.length}\r\n${text}\r\n`);
  } else list("*", reply);
}
