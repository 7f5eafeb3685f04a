/** What key-value stores keep for a group, and how groups and results that cannot be read are told. */
import type { ResultEncoding } from "../codecs/result-encoding.ts";
import { DecodeError, isPlainObject, type ResultTuple, toError } from "../protocol/index.ts";

/** The value at `celery-taskset-meta-<id>`. Source: celery/backends/base.py `_save_group` of 5.7. */
export interface GroupRecord {
  readonly result: ResultTuple;
}

/** The tuple of a decoded record. Throws DecodeError `bad_result`. */
export function groupTupleOf(record: unknown, groupId: string): ResultTuple {
  return requireTuple(isPlainObject(record) ? record["result"] : undefined, groupId);
}

/** Throws DecodeError `bad_result` for what is no array. */
export function requireTuple(value: unknown, groupId: string): ResultTuple {
  if (Array.isArray(value)) return value;
  throw new DecodeError("bad_result", `What is saved for group ${groupId} is not a tuple of results.`);
}

/** Reads stored bytes. Throws DecodeError `bad_result`. */
export async function decodeGroup(
  encoding: ResultEncoding,
  bytes: Uint8Array,
  groupId: string,
): Promise<unknown> {
  try {
    return await encoding.decode(bytes);
  } catch (error) {
    const isRefused = error instanceof DecodeError && error.code === "content_refused";
    const hint = isRefused ? ' (Celery up to 5.6 pickles groups: add "pickle" to resultAcceptContent)' : "";
    const text = `What is saved for group ${groupId} cannot be read: ${toError(error).message}${hint}`;
    throw new DecodeError("bad_result", text, { cause: error });
  }
}

/** The error in place of a document that cannot be read; any other is thrown. */
export function orDecodeError(error: unknown): DecodeError {
  if (error instanceof DecodeError) return error;
  throw error;
}
