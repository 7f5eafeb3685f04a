/** Tagged JSON as values of this process. */
import { reviveTypedValue } from "../../codecs/index.ts";
import { DecodeError, float, type PlainObject, setOwn, Tuple } from "../../protocol/index.ts";
import { isTaggedObject, type Tagged, type TagName, tagOf } from "./tagged.ts";

const READERS: Readonly<Record<TagName, (content: Tagged) => unknown>> = {
  $int: (content) => readInt(text(content, "$int")),
  $float: (content) => readFloat(text(content, "$float")),
  $nan: () => Number.NaN,
  $bytes: (content) => reviveTypedValue("base64", content),
  $datetime: (content) => reviveTypedValue("datetime", content),
  $date: (content) => reviveTypedValue("date", content),
  $time: (content) => reviveTypedValue("time", content),
  $decimal: (content) => reviveTypedValue("decimal", content),
  $uuid: (content) => reviveTypedValue("uuid", { hex: content }),
  $tuple: (content) => Tuple.from(items(content, "$tuple").map(untag)),
  $set: (content) => new Set(items(content, "$set").map(untag)),
  $dict: (content) => new Map(items(content, "$dict").map(readMember)),
};

/** Throws DecodeError `bad_body` for a tag whose content is not what its name says. */
export function untag(value: Tagged): unknown {
  if (Array.isArray(value)) return value.map(untag);
  if (!isTaggedObject(value)) return value;
  const tagged = tagOf(value);
  if (tagged !== undefined) return READERS[tagged[0]](tagged[1]);
  const object: PlainObject = {};
  for (const [name, member] of Object.entries(value)) setOwn(object, name, untag(member));
  return object;
}

function readInt(digits: string): number | bigint {
  if (!/^-?\d{1,5000}$/.test(digits)) throw badTag("$int", "decimal digits");
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

const SPECIAL: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

function readFloat(written: string): unknown {
  const number = SPECIAL[written] ?? Number(written === "" ? "no number" : written);
  if (Number.isNaN(number)) throw badTag("$float", "a number");
  return Number.isInteger(number) ? float(number) : number;
}

function readMember(member: Tagged): readonly [unknown, unknown] {
  const [key, value, ...more] = items(member, "$dict");
  if (key === undefined || value === undefined || more.length > 0)
    throw badTag("$dict", "pairs of key and value");
  return [untag(key), untag(value)];
}

function text(content: Tagged, tag: TagName): string {
  if (typeof content !== "string") throw badTag(tag, "text");
  return content;
}

function items(content: Tagged, tag: TagName): readonly Tagged[] {
  if (!Array.isArray(content)) throw badTag(tag, "an array");
  return content;
}

function badTag(tag: TagName, wanted: string): DecodeError {
  return new DecodeError("bad_body", `${tag} must hold ${wanted}.`);
}
