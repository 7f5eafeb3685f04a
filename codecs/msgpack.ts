/** kombu's `msgpack`: str and bin types, no extensions, integers of 64 bits. Source: kombu/serialization.py of 5.7. */
import { DecodeError, EncodeError } from "../protocol/errors.ts";
import { tooDeep } from "../protocol/json-parser.ts";
import { type TreeRules, toPlainTree } from "../protocol/plain-tree.ts";
import { DEFAULT_MAX_DEPTH } from "../protocol/python-json.ts";
import { toTypedValue } from "../protocol/typed-values.ts";
import { Float } from "../protocol/values.ts";
import { requireSize } from "./limits.ts";
import { readMsgpack } from "./msgpack-read.ts";
import { fitsMsgpack, isWellFormed, writeMsgpack } from "./msgpack-write.ts";
import type { FloatOptions, SyncSerializer } from "./serializer.ts";
import { asBuffer } from "./utf8.ts";

/** The serializer `msgpack`. With `exactFloats` it reads `1.0` as a Float, which it writes as `1.0` again. */
export function createMsgpackSerializer({ exactFloats = false }: FloatOptions = {}): SyncSerializer {
  return {
    name: "msgpack",
    contentType: "application/x-msgpack",
    contentEncoding: "binary",
    serialize(value) {
      // Nearly all values are plain; the tree is for the others, and for errors that name the place.
      const bytes =
        writeMsgpack(value, DEFAULT_MAX_DEPTH) ?? writeMsgpack(toPlainTree(value, RULES), DEFAULT_MAX_DEPTH);
      if (bytes === undefined) throw new EncodeError("msgpack cannot carry the value.");
      return bytes;
    },
    deserialize(bytes, limits) {
      requireSize(bytes, limits);
      const { maxDepth } = limits;
      try {
        return readMsgpack(asBuffer(bytes), { maxDepth, exactFloats });
      } catch (error) {
        // The reader recurses, so a limit in the thousands can exceed the stack before it is reached.
        throw error instanceof DecodeError ? error : tooDeep(maxDepth, error);
      }
    },
  };
}

/** The serializer `msgpack` with plain numbers. */
export const msgpackSerializer: SyncSerializer = createMsgpackSerializer();

const RULES: TreeRules = {
  format: "msgpack",
  maxDepth: DEFAULT_MAX_DEPTH,
  number: (value) => value,
  bigint(value) {
    if (!fitsMsgpack(value))
      throw new RangeError("an integer has more than 64 bits; send it as a string, or use json");
    return value;
  },
  text(value) {
    if (!isWellFormed(value))
      throw new RangeError("a string holds half of a surrogate pair, which UTF-8 cannot express");
    return value;
  },
  object(value) {
    if (value instanceof Uint8Array || value instanceof Float) return value;
    if (toTypedValue(value) === undefined) return undefined;
    throw new TypeError("it has no dates, decimals and UUIDs; send text, or use json");
  },
};
