/**
 * Values on their way to another process or thread. Most are what JSON keeps exactly, and travel as they are; the others
 * as pickles, which keep every class that a task can take and return.
 */
import { createPickleSerializer, DEFAULT_LIMITS } from "../../../codecs/index.ts";
import { isPlainObject, type TaskRequest } from "../../../protocol/index.ts";
import type { Outcome } from "../../outcome.ts";

/** A packed object. */
export type Packed =
  | { readonly plain: object }
  /** In base64. */
  | { readonly pickle: string };

/** Values never come from strangers here, but from tasks of the same app: what was accepted once is not limited again. */
const LIMITS = { maxBytes: 2 ** 31, maxDepth: DEFAULT_LIMITS.maxDepth * 2 };
const serializer = createPickleSerializer({ exactFloats: true });
/** Deeper values are pickled, whose writer knows its limit. */
const MAX_PLAIN_DEPTH = 50;

/** Properties that are undefined may be missing afterwards. Throws EncodeError. */
function pack(fields: object): Packed {
  for (const value of Object.values(fields)) {
    if (value !== undefined && !isKeptByJson(value, MAX_PLAIN_DEPTH)) {
      return { pickle: Buffer.from(serializer.serialize(fields)).toString("base64") };
    }
  }
  return { plain: fields };
}

function unpack(packed: Packed): object {
  if ("plain" in packed) return packed.plain;
  return serializer.deserialize(Buffer.from(packed.pickle, "base64"), LIMITS) as object;
}

function isKeptByJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || (depth > 0 && isContainerKeptByJson(value, depth - 1));
    default:
      return false;
  }
}

function isContainerKeptByJson(value: object, depth: number): boolean {
  if (Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Array.prototype) return false;
    for (let at = 0; at < value.length; at += 1) if (!isKeptByJson(value[at], depth)) return false;
    return true;
  }
  if (!isPlainObject(value)) return false;
  for (const key of Object.keys(value)) if (!isKeptByJson(value[key], depth)) return false;
  return true;
}

/** What follows a task is sent by the worker: a process needs the call alone, and the chord that it may add to. */
export function packRequest(request: TaskRequest): Packed {
  const { chord } = request.embed;
  return pack({ ...request, embed: chord === undefined ? undefined : { ...NO_EMBED, chord } });
}

export function unpackRequest(packed: Packed): TaskRequest {
  const request = unpack(packed) as TaskRequest;
  return { ...request, embed: request.embed ?? NO_EMBED };
}

/** Throws EncodeError. */
export function packOutcome(outcome: Outcome): Packed {
  return pack(outcome);
}

export function unpackOutcome(packed: Packed): Outcome {
  return unpack(packed) as Outcome;
}

/** Throws EncodeError. */
export function packMeta(meta: unknown): Packed {
  return pack({ meta });
}

export function unpackMeta(packed: Packed): unknown {
  return (unpack(packed) as { readonly meta?: unknown }).meta;
}

const NO_EMBED: TaskRequest["embed"] = { callbacks: [], errbacks: [], chain: [], chord: undefined };
