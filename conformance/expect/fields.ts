/** What is compared of calls, results, headers and properties: the rules as tables. */
import type { Tagged } from "../values/tagged.ts";
import type { FieldRule } from "./field.ts";

const ZERO: Tagged = { $int: "0" };

/** A call, as read from a message. */
export const CALL_FIELDS: Readonly<Record<string, FieldRule>> = {
  task: { weight: "must", comparison: "value" },
  id: { weight: "must", comparison: "value" },
  args: { weight: "must", comparison: "value", absent: [] },
  kwargs: { weight: "must", comparison: "value", absent: {} },
  retries: { weight: "must", comparison: "number", absent: ZERO },
  eta: { weight: "must", comparison: "instant" },
  expires: { weight: "must", comparison: "instant" },
  timelimit: { weight: "must", comparison: "limits", absent: [null, null] },
  group: { weight: "must", comparison: "value" },
  group_index: { weight: "must", comparison: "number" },
  callbacks: { weight: "must", comparison: "signatures" },
  errbacks: { weight: "must", comparison: "signatures" },
  chain: { weight: "must", comparison: "signatures" },
  chord: { weight: "must", comparison: "signatures" },
  // A task without a root is its own.
  root_id: { weight: "should", comparison: "value", fallback: "id" },
  parent_id: { weight: "should", comparison: "value" },
  shadow: { weight: "should", comparison: "value" },
  ignore_result: { weight: "should", comparison: "value", absent: false },
  stamps: { weight: "should", comparison: "value", absent: {} },
};

/** A stored result. */
export const RESULT_FIELDS: Readonly<Record<string, FieldRule>> = {
  state: { weight: "must", comparison: "value" },
  task_id: { weight: "must", comparison: "value" },
  value: { weight: "must", comparison: "value" },
  error: { weight: "must", comparison: "value" },
  traceback: { weight: "should", comparison: "value" },
  children: { weight: "should", comparison: "value", absent: [] },
  date_done: { weight: "should", comparison: "instant" },
  parent_id: { weight: "info", comparison: "value" },
  group_id: { weight: "info", comparison: "value" },
  name: { weight: "info", comparison: "value" },
  args: { weight: "info", comparison: "value", absent: [] },
  kwargs: { weight: "info", comparison: "value", absent: {} },
  worker: { weight: "info", comparison: "value" },
  retries: { weight: "info", comparison: "number", absent: ZERO },
  queue: { weight: "info", comparison: "value" },
};

/** Headers that a call does not show. Those of the caller's own are compared too. */
export const HEADER_FIELDS: Readonly<Record<string, FieldRule>> = {
  compression: { weight: "must", comparison: "value" },
  stamped_headers: { weight: "should", comparison: "value", absent: [] },
  replaced_task_nesting: { weight: "should", comparison: "number", absent: ZERO },
  argsrepr: { weight: "info", comparison: "value" },
  kwargsrepr: { weight: "info", comparison: "value" },
};

/** Headers that name the sender, or that the call shows already. */
export const OTHER_HEADERS: ReadonlySet<string> = new Set([
  "lang",
  "origin",
  "timelimit",
  ...Object.keys(CALL_FIELDS),
]);

/** Properties under AMQP's names. */
export const PROPERTY_FIELDS: Readonly<Record<string, FieldRule>> = {
  content_type: { weight: "must", comparison: "value" },
  content_encoding: { weight: "must", comparison: "value" },
  correlation_id: { weight: "must", comparison: "value" },
  delivery_mode: { weight: "must", comparison: "number" },
  priority: { weight: "must", comparison: "number", absent: ZERO },
};
