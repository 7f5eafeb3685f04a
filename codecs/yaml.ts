/** kombu's `yaml`: PyYAML's safe_load and safe_dump. Source: kombu/serialization.py of 5.7. */
import { constructFromEvents, parseEvents, type Schema } from "js-yaml";
import { DecodeError, toError } from "../protocol/errors.ts";
import { tooDeep } from "../protocol/json-parser.ts";
import { type TreeRules, toPlainTree } from "../protocol/plain-tree.ts";
import { DEFAULT_MAX_DEPTH } from "../protocol/python-json.ts";
import { toPythonTime, toTypedValue } from "../protocol/typed-values.ts";
import { Float } from "../protocol/values.ts";
import { requireSize } from "./limits.ts";
import type { DecodeLimits, FloatOptions, SyncSerializer } from "./serializer.ts";
import { decodeUtf8 } from "./utf8.ts";
import { checkEvents, checkIndicators } from "./yaml-check.ts";
import { EXACT_LOAD_SCHEMA, isScalar, LOAD_SCHEMA } from "./yaml-schema.ts";
import { writeYaml, YamlTimestamp } from "./yaml-write.ts";

/**
 * The serializer `yaml`. Bytes are `!!binary`, dates and times `!!timestamp`, a Set is `!!set`. With `exactFloats` it reads
 * `1.0` as a Float, which it writes as `1.0` again.
 */
export function createYamlSerializer({ exactFloats = false }: FloatOptions = {}): SyncSerializer {
  const schema = exactFloats ? EXACT_LOAD_SCHEMA : LOAD_SCHEMA;
  return {
    name: "yaml",
    contentType: "application/x-yaml",
    contentEncoding: "utf-8",
    serialize(value) {
      return Buffer.from(writeYaml(toPlainTree(value, RULES)), "utf8");
    },
    deserialize(bytes, limits) {
      requireSize(bytes, limits);
      checkIndicators(bytes);
      const source = decodeUtf8(bytes);
      try {
        return load(source, schema, limits);
      } catch (error) {
        throw error instanceof DecodeError ? error : toDecodeError(toError(error), limits);
      }
    },
  };
}

/** The serializer `yaml` with plain numbers. */
export const yamlSerializer: SyncSerializer = createYamlSerializer();

function load(source: string, schema: Schema, { maxDepth }: DecodeLimits): unknown {
  // The parser counts the levels that it tries; this only protects the stack, and the check after it is exact.
  const events = parseEvents(source, { maxDepth: 2 * maxDepth + 2 });
  checkEvents(events, source, maxDepth);
  // Like PyYAML, the last of two equal keys wins, and an empty body is null.
  return constructFromEvents(events, { source, schema, json: true })[0] ?? null;
}

function toDecodeError(error: Error, { maxDepth }: DecodeLimits): DecodeError {
  // The parser's errors have no codes; the stack ends first when the limit is beyond it.
  if (/exceeded maxDepth|call stack/.test(error.message)) return tooDeep(maxDepth, error);
  const [problem = ""] = error.message.split("\n", 1);
  return new DecodeError("bad_body", `The body is not YAML for safe_load: ${problem.slice(0, 200)}.`, {
    cause: error,
  });
}

const RULES: TreeRules = {
  format: "YAML",
  maxDepth: DEFAULT_MAX_DEPTH,
  number: (value) => value,
  bigint: (value) => value,
  text: (value) => value,
  key(value) {
    if (!isScalar(value)) throw new TypeError("the keys of a Map must be text, numbers, booleans or null");
    return value;
  },
  object(value) {
    if (value instanceof Uint8Array || value instanceof Float) return value;
    if (value instanceof Set) return requireScalars(value);
    const time = toPythonTime(value);
    if (time === undefined ? toTypedValue(value) !== undefined : time.type === "time")
      throw new TypeError("it has no times of day, decimals and UUIDs; send text, or use json");
    if (time === undefined) return undefined;
    if (/[+-]\d\d:\d\d:\d\d$/.test(time.text)) throw new RangeError("its offsets are whole minutes");
    return new YamlTimestamp(time.text);
  },
};

function requireScalars(items: ReadonlySet<unknown>): ReadonlySet<unknown> {
  for (const item of items) {
    if (!isScalar(item)) throw new TypeError("the items of a Set must be text, numbers, booleans or null");
  }
  return items;
}
