/** Other texts in the place of some, in tagged values, messages and whatever JSON has. */
import { isPlainObject } from "../../protocol/index.ts";

/** Replaces texts in a value, in names of members and in bodies too. */
export function renamed<Value>(value: Value, names: ReadonlyMap<string, string>): Value {
  return rename(value, names) as Value;
}

function rename(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return inText(value, names);
  if (Array.isArray(value)) return value.map((item) => rename(item, names));
  if (!isPlainObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [
    inText(name, names),
    name === "body_b64" && typeof member === "string" ? inBytes(member, names) : rename(member, names),
  ]);
  return Object.fromEntries(members);
}

function inText(text: string, names: ReadonlyMap<string, string>): string {
  let done = text;
  for (const [from, to] of names) done = done.replaceAll(from, to);
  return done;
}

/** Every byte is a character of Latin-1, so that bodies of any serializer can be searched. */
function inBytes(base64: string, names: ReadonlyMap<string, string>): string {
  const text = Buffer.from(base64, "base64").toString("latin1");
  return Buffer.from(inText(text, names), "latin1").toString("base64");
}
