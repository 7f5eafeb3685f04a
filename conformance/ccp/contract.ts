/** Checks answers against the contract and says what is wrong in words. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { CommandName } from "./messages.ts";
import { DEFINITIONS, MESSAGES, REFUSALS, type Schema } from "./schemas.ts";

/** Problems told of one answer at most. */
const MAX_PROBLEMS = 5;

/** An answer that keeps to the contract: as asked for, or a refusal. */
export type Answer =
  | { readonly kind: "answer"; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: "skipped"; readonly message: string; readonly issueUrl?: string | undefined }
  | { readonly kind: "errored"; readonly message: string; readonly trace?: string | undefined };

/** What an answer was found to be. */
export type Reading = Answer | { readonly kind: "broken"; readonly problems: readonly string[] };

const ajv = new Ajv2020({
  allErrors: true,
  verbose: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
});
const compiled = new Map<Schema, ValidateFunction>();

/** The check of a schema; compiling takes milliseconds, so it is done once. */
function checkOf(schema: Schema): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const check = ajv.compile({ ...schema, $defs: DEFINITIONS });
  compiled.set(schema, check);
  return check;
}

/** Reads the answer to a command. */
export function readAnswer(command: CommandName, fields: Readonly<Record<string, unknown>>): Reading {
  const kind = fields["skipped"] === true ? "skipped" : fields["errored"] === true ? "errored" : "answer";
  const check = checkOf(kind === "answer" ? MESSAGES[command].answer : REFUSALS[kind]);
  if (!check(fields)) return { kind: "broken", problems: explain(check.errors ?? []) };
  if (kind === "answer") return { kind, fields };
  const message = String(fields["message"]);
  if (kind === "skipped") return { kind, message, issueUrl: optionalText(fields["issue_url"]) };
  return { kind, message, trace: optionalText(fields["trace"]) };
}

/** What is wrong with a command, for tests of the runner itself. */
export function commandProblems(
  command: CommandName,
  fields: Readonly<Record<string, unknown>>,
): readonly string[] {
  const check = checkOf(MESSAGES[command].command);
  return check(fields) ? [] : explain(check.errors ?? []);
}

function explain(errors: readonly ErrorObject[]): readonly string[] {
  // "if" only says that the branch below it, which has errors of its own, does not fit.
  const telling = errors.filter(({ keyword }) => keyword !== "if");
  return telling.slice(0, MAX_PROBLEMS).map(sentence);
}

function sentence({ instancePath, keyword, message = keyword, params, data }: ErrorObject): string {
  const place = instancePath === "" ? "the answer" : instancePath;
  const isTagged = keyword === "type" && String(params["type"]).includes("null");
  if (isTagged && typeof data === "number") {
    return `${place} is a bare number; write {"$int": "${data}"} or {"$float": "..."}`;
  }
  const allowed: unknown = params["allowedValues"] ?? params["allowedValue"];
  return `${place} ${message}${allowed === undefined ? "" : `: ${JSON.stringify(allowed)}`}`;
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
