/** Signatures: a task call as data, the form in which links and chains travel. Source: celery/canvas.py of 5.7. */
import { DecodeError } from "./errors.ts";
import { isPlainObject, type PlainObject, withPlainNumbers } from "./values.ts";

/** Celery's signature object, with Celery's key names. */
export interface Signature {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: PlainObject;
  readonly options: PlainObject;
  readonly subtask_type: string | null;
  /** An immutable signature ignores the result of the task before it. */
  readonly immutable: boolean;
}

/** A plain signature. */
export function signature(
  task: string,
  args: readonly unknown[] = [],
  kwargs: PlainObject = {},
  options: PlainObject = {},
): Signature {
  return { task, args, kwargs, options, subtask_type: null, immutable: false };
}

/** Reads a signature from the wire; missing parts get Celery's defaults. Throws DecodeError `bad_body` without a task name. */
export function parseSignature(value: unknown, field: string): Signature {
  if (!isPlainObject(value) || typeof value["task"] !== "string") {
    throw new DecodeError("bad_body", `"${field}" must hold signatures: objects with a string "task".`);
  }
  const { args, kwargs, options, subtask_type, immutable } = value;
  return {
    ...value,
    task: value["task"],
    args: Array.isArray(args) ? args : [],
    kwargs: isPlainObject(kwargs) ? kwargs : {},
    options: isPlainObject(options) ? withPlainNumbers(options) : {},
    subtask_type: typeof subtask_type === "string" ? subtask_type : null,
    immutable: immutable === true,
  };
}

/** The signature as it is called after a task returned `result`: prepended as first argument, unless immutable. */
export function withResult(called: Signature, result: unknown): Signature {
  return called.immutable ? called : { ...called, args: [result, ...called.args] };
}
