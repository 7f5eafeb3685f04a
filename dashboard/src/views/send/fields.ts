/** What the form's fields mean: what is wrong with a text, and what goes into the body. */
import { jsonProblem } from "../../lib/json-text.ts";

interface FieldRule {
  /** undefined when nothing is wrong. */
  readonly check: (text: string) => string | undefined;
  /** JSON text of the member. */
  readonly json: (text: string) => string;
}

const text = (value: string): string => JSON.stringify(value);
const asIs = (value: string): string => value;

const seconds = (example: string): FieldRule => ({
  check: (value) =>
    value === "" || /^\d+(\.\d+)?$/.test(value)
      ? undefined
      : `Write a number of seconds, such as ${example}.`,
  json: (value) => String(Number(value)),
});

/** Fields whose names are those of the request's members. */
export type FieldName = "task" | "args" | "kwargs" | "queue" | "delay" | "expires" | "priority" | "tags";

const RULES: Readonly<Record<FieldName, FieldRule>> = {
  task: { check: (value) => (value === "" ? "Which task? Write its name." : undefined), json: text },
  args: { check: (value) => (value === "" ? undefined : jsonProblem(value, "list")), json: asIs },
  kwargs: { check: (value) => (value === "" ? undefined : jsonProblem(value, "object")), json: asIs },
  queue: { check: () => undefined, json: text },
  delay: seconds("30"),
  expires: seconds("300"),
  priority: {
    check: (value) => (/^\d?$/.test(value) ? undefined : "Write a number from 0 to 9."),
    json: asIs,
  },
  tags: { check: () => undefined, json: (value) => JSON.stringify(tagsOf(value)) },
};

export const FIELD_NAMES: readonly FieldName[] = Object.keys(RULES) as FieldName[];

/** What stands in the fields. */
export type Texts = Readonly<Record<FieldName, string>>;

export const NO_TEXTS: Texts = {
  task: "",
  args: "",
  kwargs: "",
  queue: "",
  delay: "",
  expires: "",
  priority: "",
  tags: "",
};

function tagsOf(value: string): readonly string[] {
  return value
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
}

/** What is wrong with each field. */
export function problemsOf(texts: Texts): Partial<Record<FieldName, string>> {
  const problems: Partial<Record<FieldName, string>> = {};
  for (const name of FIELD_NAMES) {
    const problem = RULES[name].check(texts[name].trim());
    if (problem !== undefined) problems[name] = problem;
  }
  return problems;
}

/** The body as JSON text, made of the texts in the fields: numbers stay as they were typed. */
export function toBody(texts: Texts): string {
  const members = FIELD_NAMES.map((name) => [name, texts[name].trim()] as const)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `"${name}":${RULES[name].json(value)}`);
  return `{${members.join(",")}}`;
}

/** The field that a JSON Pointer of the gateway leads to. */
export function fieldOf(pointer: string): FieldName | undefined {
  return FIELD_NAMES.find((name) => name === pointer.split("/")[1]);
}
