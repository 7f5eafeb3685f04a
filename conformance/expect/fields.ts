/** What is compared of calls, results, headers and properties: the rules as tables. */
import type { Tagged } from "../values/tagged.ts";
import type { FieldRule } from "./field.ts";

const ZERO: Tagged = { $int: "0" };
const IN_TIME = "an offset belongs to it, and without one it is in UTC";

/** A call, as read from a message. */
export const CALL_FIELDS: Readonly<Record<string, FieldRule>> = {
  task: { weight: "must", comparison: "value" },
  id: { weight: "must", comparison: "value" },
  args: { weight: "must", comparison: "value", absent: [] },
  kwargs: { weight: "must", comparison: "value", absent: {} },
  retries: { weight: "must", comparison: "number", absent: ZERO },
  eta: { weight: "must", comparison: "instant", reason: IN_TIME },
  expires: { weight: "must", comparison: "instant", reason: IN_TIME },
  timelimit: { weight: "must", comparison: "limits", absent: [null, null] },
  group: { weight: "must", comparison: "value" },
  group_index: { weight: "must", comparison: "number", reason: "it counts from 0" },
  callbacks: { weight: "must", comparison: "signatures", reason: "what runs after success" },
  errbacks: { weight: "must", comparison: "signatures", reason: "what runs after a failure" },
  chain: { weight: "must", comparison: "signatures", reason: "the steps that follow, the last one first" },
  chord: { weight: "must", comparison: "signatures", reason: "the body that runs after its group" },
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
  compression: { weight: "must", comparison: "value", reason: "it names what the body went through" },
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
  content_type: { weight: "must", comparison: "value", reason: "it says how the body was written" },
  // Workers read bodies of known types by the type alone, and answer to the task's id where there is no other.
  content_encoding: { weight: "should", comparison: "value", reason: "it says how the body was written" },
  correlation_id: { weight: "should", comparison: "value", reason: "it is the task's id" },
  delivery_mode: {
    weight: "must",
    comparison: "number",
    reason: "1 is lost when a broker starts again, 2 is kept",
  },
  priority: { weight: "must", comparison: "number", absent: ZERO },
};
