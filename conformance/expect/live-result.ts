/** Compares a result that a worker stored with the view of a vector. */
import type { ResultDocument } from "../../protocol/index.ts";
import type { Difference } from "../values/compare.ts";
import type { TaggedObject } from "../values/tagged.ts";
import { compareFields, type FieldRule } from "./field.ts";
import { RESULT_FIELDS } from "./fields.ts";
import { resultView } from "./read-call.ts";

/**
 * What workers may word as they like is not compared: of a traceback only that there is one, of `date_done` that it is a time.
 * An error's module is its language's.
 */
const LIVE_FIELDS: Readonly<Record<string, FieldRule>> = {
  ...RESULT_FIELDS,
  error: { weight: "must", comparison: "error" },
  traceback: { weight: "should", comparison: "presence" },
  date_done: { weight: "should", comparison: "time" },
};

/** The differences in the fields that the view has. */
export function compareResult(view: TaggedObject, document: ResultDocument): readonly Difference[] {
  return compareView(view, resultView(document));
}

/** The same for a document that is a view already. */
export function compareView(view: TaggedObject, actual: TaggedObject): readonly Difference[] {
  const rules = Object.fromEntries(Object.entries(LIVE_FIELDS).filter(([name]) => Object.hasOwn(view, name)));
  return compareFields(view, actual, rules);
}
