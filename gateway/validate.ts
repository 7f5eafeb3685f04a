/** Checks requests against their schemas, and says what is wrong in words that name the field, the limit and the fix. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { type FieldError, Problem, type ProblemName } from "./problems.ts";
import { SCHEMAS, type SchemaName } from "./schemas.ts";

/** Errors that are reported at most. */
const MAX_ERRORS = 20;

/** Fields whose errors have a problem type of their own. */
const PROBLEM_OF_FIELD: Readonly<Record<string, ProblemName>> = {
  "/task": "bad-task-name",
  "/eta": "bad-eta",
};

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, validateFormats: false });
ajv.addVocabulary(["components"]);
ajv.addSchema({ $id: "gateway", components: { schemas: SCHEMAS } });

/** A compiled schema. */
export type Validator = (body: unknown) => void;

/** The check for one kind of body; it throws Problem with status 422. Compiling takes milliseconds: do it once. */
export function createValidator(name: SchemaName): Validator {
  const validate: ValidateFunction | undefined = ajv.getSchema(`gateway#/components/schemas/${name}`);
  if (validate === undefined) throw new Error(`There is no schema ${name}.`);
  return (body) => {
    if (!validate(body)) throw toProblem(validate.errors ?? [], SCHEMAS[name]);
  };
}

function toProblem(errors: readonly ErrorObject[], schema: Readonly<Record<string, unknown>>): Problem {
  const fields = errors.slice(0, MAX_ERRORS).map((error) => toFieldError(error, schema));
  const [first] = fields;
  const isUnknown = errors.every(({ keyword }) => keyword === "additionalProperties");
  const [pointer] = new Set(fields.map((field) => field.pointer)).size === 1 ? [first?.pointer] : [];
  const type = isUnknown ? "reserved-option" : (PROBLEM_OF_FIELD[pointer ?? ""] ?? "invalid-arguments");
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return new Problem(type, {
    detail: `${first?.pointer || "The body"}: ${first?.detail ?? ""}${more}`,
    members: { errors: fields },
  });
}

/** `schema` is the root of the one that failed. */
export function toFieldError(error: ErrorObject, schema: Readonly<Record<string, unknown>>): FieldError {
  const { keyword, instancePath, params } = error;
  if (keyword === "additionalProperties") {
    const name = String(params["additionalProperty"]).slice(0, 64);
    const allowed = Object.keys((schema["properties"] ?? {}) as object).join(", ");
    return {
      pointer: `${instancePath}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      detail: `${JSON.stringify(name)} is not an option of this request; allowed: ${allowed}`,
    };
  }
  if (keyword === "required") {
    const name = String(params["missingProperty"]);
    return { pointer: `${instancePath}/${name}`, detail: `"${name}" is required` };
  }
  if (keyword === "type") {
    const types = [params["type"]].flat().join(" or ");
    return { pointer: instancePath, detail: `must be of type ${types}` };
  }
  return { pointer: instancePath, detail: error.message ?? keyword };
}
