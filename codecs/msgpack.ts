/** kombu's `msgpack`: str and bin types, no extensions, integers of 64 bits. Source: kombu/serialization.py of 5.7. */
import { Packr, Unpackr } from "msgpackr";
import { tooDeep } from "../protocol/json-parser.ts";
import { type TreeRules, toPlainTree } from "../protocol/plain-tree.ts";
import { DEFAULT_MAX_DEPTH } from "../protocol/python-json.ts";
import { toTypedValue } from "../protocol/typed-values.ts";
import { type PlainObject, setOwn } from "../protocol/values.ts";
import { requireSize } from "./limits.ts";
import { checkMsgpack } from "./msgpack-check.ts";
import type { SyncSerializer } from "./serializer.ts";
import { asBuffer } from "./utf8.ts";

/** The serializer `msgpack`. A -0 is written as 0: the format's writers keep integers apart from floats, JavaScript does not. */
export const msgpackSerializer: SyncSerializer = {
  name: "msgpack",
  contentType: "application/x-msgpack",
  contentEncoding: "binary",
  serialize(value) {
    return packr.pack(toPlainTree(value, RULES));
  },
  deserialize(bytes, limits) {
    requireSize(bytes, limits);
    const { isDelicate } = checkMsgpack(bytes, limits.maxDepth);
    const source = asBuffer(bytes);
    try {
      return isDelicate ? restore(careful.unpack(source)) : plain.unpack(source);
    } catch (error) {
      // What passed the check can only exceed the stack, when the limit is beyond that.
      throw tooDeep(limits.maxDepth, error);
    }
  },
};

/** A member named toJSON must not be called: it is data. */
const packr = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false });
const plain = new Unpackr({ useRecords: false, mapsAsObjects: true, copyBuffers: true });
/** Maps come as Map, because msgpackr renames `__proto__` in objects; 64-bit integers as bigint, however small. */
const careful = new Unpackr({
  useRecords: false,
  mapsAsObjects: false,
  int64AsType: "bigint",
  copyBuffers: true,
});

const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;
const LONE_SURROGATE = /\p{Surrogate}/u;

const RULES: TreeRules = {
  format: "msgpack",
  maxDepth: DEFAULT_MAX_DEPTH,
  // msgpackr would write integers of more than 32 bits as floats.
  number: (value) =>
    Number.isSafeInteger(value) && (value > 0xffff_ffff || value < -0x8000_0000) ? BigInt(value) : value,
  bigint(value) {
    if (value < MIN_INT64 || value > MAX_UINT64)
      throw new RangeError("an integer has more than 64 bits; send it as a string, or use json");
    return value;
  },
  text(value) {
    if (LONE_SURROGATE.test(value))
      throw new RangeError("a string holds half of a surrogate pair, which UTF-8 cannot express");
    return value;
  },
  object(value) {
    if (value instanceof Uint8Array) return value;
    if (toTypedValue(value) === undefined) return undefined;
    throw new TypeError("it has no dates, decimals and UUIDs; send text, or use json");
  },
};

function restore(value: unknown): unknown {
  if (typeof value === "bigint") return isSafe(value) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(restore);
  if (!(value instanceof Map)) return value;
  const members: PlainObject = {};
  for (const [key, member] of value) setOwn(members, String(key), restore(member));
  return members;
}

function isSafe(value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
}
