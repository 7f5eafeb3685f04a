/** Answers between commands and scripts: a script sees those of RESP2, and returns what Lua has. */
import type { ReplyValue } from "lua-redis-wasm";
import { doubleText } from "./resp/numbers.ts";
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
} from "./resp/replies.ts";

/** What redis.call() returns to a script. */
export function toLua(reply: Reply): ReplyValue {
  if (Buffer.isBuffer(reply) || typeof reply === "number" || reply === null) return reply;
  if (typeof reply === "string") return Buffer.from(reply, "latin1");
  if (typeof reply === "bigint") return Number.isSafeInteger(Number(reply)) ? Number(reply) : reply;
  if (reply === NO_LIST || reply === NO_REPLY) return null;
  if (reply instanceof Simple) return { ok: Buffer.from(reply.text) };
  if (reply instanceof Refusal) return { err: Buffer.from(reply.message, "latin1") };
  if (reply instanceof Double) return Buffer.from(doubleText(reply.value));
  if (reply instanceof Verbatim) return Buffer.from(reply.text);
  if (reply instanceof Pairs || reply instanceof Scored) return reply.entries.flat().map(toLua);
  if (reply instanceof Members || reply instanceof Push) return reply.items.map(toLua);
  return reply.map(toLua);
}

/** What the script of that SHA-1 returned, or the error that ended it. */
export function fromLua(value: ReplyValue, sha: string): Reply {
  if (value === null || typeof value === "number" || typeof value === "bigint" || Buffer.isBuffer(value))
    return value;
  if (typeof value === "boolean") return value ? 1 : null;
  if (Array.isArray(value)) return value.map((item) => fromLua(item, sha));
  if ("ok" in value) return new Simple(value.ok.toString("latin1"));
  if ("err" in value) return toRefusal(value, sha);
  if ("double" in value) return new Double(value.double);
  if ("big_number" in value) return value.big_number;
  if ("verbatim_string" in value) return value.verbatim_string.string;
  if ("map" in value)
    return new Pairs(value.map.map(([key, item]) => [fromLua(key, sha), fromLua(item, sha)] as const));
  return new Members(value.set.map((item) => fromLua(item, sha)));
}

type LuaError = Extract<ReplyValue, { readonly err: Buffer }>;

/** Errors that the engine only classifies, in Redis's words. */
const WORDS: Readonly<Record<string, (line: number, name: string) => string>> = {
  "global-read": (line, name) =>
    `user_script:${line}: Script attempted to access nonexistent global variable '${name}'`,
  "command-arg-type": () => "Lua redis lib command arguments must be strings or integers",
};

function toRefusal({ err, code, meta }: LuaError, sha: string): Refusal {
  const prefix = code === undefined ? "" : `${code.toString("latin1")} `;
  const text = err.toString("latin1");
  if (meta === undefined) return new Refusal(prefix + text);
  const { kind = "", name = "", line } = meta;
  const words = (Object.hasOwn(WORDS, kind) ? WORDS[kind] : undefined)?.(line, name) ?? text;
  return new Refusal(`${prefix}${words} script: ${sha}, on @user_script:${line}.`);
}
