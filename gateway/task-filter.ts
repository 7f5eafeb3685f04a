/** Which tasks a caller asks for: the same parameters for listings and for the stream of changes. */
import { parseIsoTime } from "../protocol/index.ts";
import { Problem } from "./problems.ts";
import type { ParameterSpec } from "./route.ts";
import { badCursor, readLimit } from "./routes/page.ts";
import { isTaskCursor, type TaskFilter } from "./task-index.ts";
import { readTime } from "./times.ts";

const MAX_TEXT = 255;

/** Parameters that are compared as they are. */
const TEXTS = ["state", "task", "queue", "tag"] as const;
/** Parameters that are times, by what they bound. */
const TIMES = { since: "sinceMs", until: "untilMs" } as const;

const DESCRIPTIONS: Readonly<Record<(typeof TEXTS)[number] | keyof typeof TIMES, string>> = {
  state: "Only tasks in this state.",
  task: "Only tasks of this name.",
  queue: "Only tasks sent to this queue.",
  tag: "Only tasks with this tag.",
  since: "Only tasks submitted at this time or later (RFC 3339, with an offset).",
  until: "Only tasks submitted before this time.",
};
/** Shorter ones would find nearly everything. */
const MIN_SEARCH = 2;

export const FILTER_PARAMETERS: readonly ParameterSpec[] = [
  ...TEXTS.map(
    (name): ParameterSpec => ({
      name,
      in: "query",
      description: DESCRIPTIONS[name],
      schema: { type: "string", maxLength: MAX_TEXT },
    }),
  ),
  ...(["since", "until"] as const).map(
    (name): ParameterSpec => ({
      name,
      in: "query",
      description: DESCRIPTIONS[name],
      schema: { type: "string", format: "date-time" },
    }),
  ),
  {
    name: "q",
    in: "query",
    description: "Only tasks whose id begins with this, or whose name has it in it, in capitals or not.",
    schema: { type: "string", minLength: MIN_SEARCH, maxLength: MAX_TEXT },
  },
];

/** What of a filter one task can be judged by, when it comes. */
export type TaskConditions = Omit<TaskFilter, "limit" | "cursor">;

/** Throws Problem `invalid-arguments` or `bad-eta`. */
export function readConditions(query: URLSearchParams): TaskConditions {
  const conditions: { -readonly [Name in keyof TaskConditions]: TaskConditions[Name] } = {};
  for (const name of TEXTS) {
    const value = query.get(name);
    if (value === null) continue;
    requireText(name, value);
    conditions[name] = value;
  }
  const q = query.get("q");
  if (q !== null) {
    requireText("q", q);
    if (q.length < MIN_SEARCH)
      throw new Problem("invalid-arguments", {
        detail: `The parameter q must have at least ${MIN_SEARCH} characters.`,
      });
    conditions.q = q;
  }
  for (const name of ["since", "until"] as const) {
    const value = query.get(name);
    if (value !== null) conditions[TIMES[name]] = parseIsoTime(readTime(value, `/${name}`), name);
  }
  return conditions;
}

/** Throws Problem `invalid-arguments`. */
function requireText(name: string, value: string): void {
  if (value.length <= MAX_TEXT && !value.includes("\0")) return;
  throw new Problem("invalid-arguments", {
    detail: `The parameter ${name} may have up to ${MAX_TEXT} characters, and no NUL.`,
  });
}

/** With the page. Throws Problem `invalid-arguments` or `bad-eta`. */
export function readTaskFilter(query: URLSearchParams): TaskFilter {
  const cursor = query.get("cursor");
  if (cursor !== null && !isTaskCursor(cursor)) throw badCursor();
  return { ...readConditions(query), limit: readLimit(query), ...(cursor === null ? {} : { cursor }) };
}
