/** What one task takes, ready to check calls with. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { CelerityError, isPlainObject, type PlainObject, toError } from "../../protocol/index.ts";
import type { FieldError } from "../problems.ts";
import { Problem } from "../problems.ts";
import type { Schema } from "../schema-parts.ts";
import { toFieldError } from "../validate.ts";
import type { TASK_TYPE_MODES } from "./schemas.ts";

export type TaskTypeMode = (typeof TASK_TYPE_MODES)[number];

/** The body of `PUT /v1/task-types/{name}`, once its schema has accepted it. */
export interface TaskTypeRequest {
  readonly args?: Schema | boolean;
  readonly kwargs?: Schema | boolean;
  readonly result?: Schema | boolean;
  readonly defaults?: PlainObject;
  readonly mode?: TaskTypeMode;
  readonly idempotency?: "optional" | "required";
  readonly deprecated?: boolean | string;
  readonly description?: string;
}

/** A declared task. */
export interface TaskType extends TaskTypeRequest {
  readonly task: string;
  readonly mode: TaskTypeMode;
  readonly origin: "gateway" | "app";
}

export interface Contract {
  readonly type: TaskType;
  /** What is wrong with a call; [] for nothing. */
  check(args: readonly unknown[], kwargs: PlainObject): readonly FieldError[];
}

const MAX_ERRORS = 20;

/** Throws Problem `invalid-arguments` for what is no JSON Schema. */
export function createContract(type: TaskType): Contract {
  const args = compile(type.args, "/args");
  const kwargs = compile(type.kwargs, "/kwargs");
  return {
    type,
    check(givenArgs, givenKwargs) {
      return [
        ...errorsOf(args, givenArgs, "/args", type.args),
        ...errorsOf(kwargs, givenKwargs, "/kwargs", type.kwargs),
      ].slice(0, MAX_ERRORS);
    },
  };
}

function compile(schema: Schema | boolean | undefined, pointer: string): ValidateFunction | undefined {
  if (schema === undefined || schema === true) return undefined;
  try {
    // An instance for each: schemas of different tasks may have the same $id.
    const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, addUsedSchema: false });
    return ajv.compile(schema);
  } catch (error) {
    if (error instanceof CelerityError) throw error;
    const detail = `is not a JSON Schema (2020-12): ${toError(error).message.slice(0, 500)}`;
    throw new Problem("invalid-arguments", {
      detail: `${pointer}: ${detail}`,
      members: { errors: [{ pointer, detail }] },
    });
  }
}

function errorsOf(
  validate: ValidateFunction | undefined,
  value: unknown,
  pointer: string,
  schema: Schema | boolean | undefined,
): readonly FieldError[] {
  if (validate === undefined || validate(withoutBigints(value))) return [];
  const root = typeof schema === "object" ? schema : {};
  return (validate.errors ?? []).map((error: ErrorObject) => {
    const field = toFieldError(error, root);
    return { ...field, pointer: `${pointer}${field.pointer}` };
  });
}

/** The validator knows doubles only; for judging type and range they will do. */
function withoutBigints(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutBigints(member)]));
}
