/**
 * kombu's `pickle`, as data: protocols 0 to 5 are read without importing, calling or executing anything, protocol 4 is
 * written. Source: kombu/serialization.py of 5.7; docs/values.md has the types.
 */
import { DecodeError } from "../../protocol/errors.ts";
import { tooDeep } from "../../protocol/json-parser.ts";
import { requireSize } from "../limits.ts";
import type { FloatOptions, SyncSerializer } from "../serializer.ts";
import { asBuffer } from "../utf8.ts";
import { Builder } from "./build.ts";
import { Cursor } from "./cursor.ts";
import { Machine } from "./machine.ts";
import { compileAllow } from "./names.ts";
import { run } from "./opcodes.ts";
import { writePickle } from "./write.ts";

/** How to read and write pickles. */
export interface PickleOptions extends FloatOptions {
  /**
   * Classes of Python whose objects are read as {@link PickledObject}, and written from it: names such as
   * `myapp.models.User`, and patterns such as `myapp.models.*`, in which the star is one name. Reading never runs their
   * code; Python does when it reads what was written. Default: none.
   */
  readonly allow?: readonly string[];
}

/** The serializer `pickle`. Throws ConfigurationError for an entry of `allow` that is no name. */
export function createPickleSerializer({
  allow = [],
  exactFloats = false,
}: PickleOptions = {}): SyncSerializer {
  const isAllowed = compileAllow(allow);
  return {
    name: "pickle",
    contentType: "application/x-python-serialize",
    contentEncoding: "binary",
    serialize: (value) => writePickle(value, isAllowed),
    deserialize(bytes, limits) {
      requireSize(bytes, limits);
      const machine = new Machine(new Cursor(asBuffer(bytes)), limits, exactFloats);
      try {
        return new Builder(limits, isAllowed).finish(run(machine), machine.globals.values());
      } catch (error) {
        // Building recurses, so a limit in the thousands can exceed the stack before it is reached.
        throw error instanceof DecodeError ? error : tooDeep(limits.maxDepth, error);
      }
    },
  };
}

/** The serializer `pickle` with plain numbers, and no classes beyond the known ones. */
export const pickleSerializer: SyncSerializer = createPickleSerializer();
