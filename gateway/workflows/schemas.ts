/** Shapes of workflows, as JSON Schema. A canvas is checked by hand (read-canvas.ts), which says better where it is wrong. */
import { args, id, kwargs, QUEUE_PATTERN, ref, type Schema, taskName, time } from "../schema-parts.ts";

export type WorkflowSchemaName =
  | "Canvas"
  | "CanvasTask"
  | "CanvasChain"
  | "CanvasGroup"
  | "CanvasChord"
  | "CanvasMap"
  | "CanvasStarmap"
  | "CanvasChunks"
  | "CanvasLinks"
  | "CanvasOptions"
  | "CelerySignature"
  | "WorkflowNode"
  | "WorkflowAccepted"
  | "Workflow"
  | "WorkflowGraph"
  | "WorkflowRevoked"
  | "WorkflowLinks";

const anyOf = (...names: readonly WorkflowSchemaName[]): Schema => ({ anyOf: names.map(ref) });
const canvases: Schema = { type: "array", minItems: 1, items: ref("Canvas") };
const duration: Schema = { type: ["number", "string"], minimum: 0 };
const items: Schema = { type: "array", minItems: 1, items: {} };
const lists: Schema = { type: "array", minItems: 1, items: { type: "array" } };
const called: Schema = { anyOf: [taskName, ref("CelerySignature")] };
const shared = {
  options: ref("CanvasOptions"),
  link: { ...ref("CanvasLinks"), description: "Called with the result." },
  link_error: { ...ref("CanvasLinks"), description: "Called when it fails." },
};
const uri: Schema = { type: "string", format: "uri-reference" };
const count: Schema = { type: "integer", minimum: 0 };
const counts: Schema = {
  type: "object",
  additionalProperties: count,
  examples: [{ SUCCESS: 2, PENDING: 1 }],
};

/** One of the forms: its own member, what belongs to it, and what all have. */
function form(name: string, member: Schema, description: string, more: Schema = shared): Schema {
  return {
    type: "object",
    description,
    required: [name],
    additionalProperties: false,
    properties: { [name]: member, ...more },
  };
}

function many(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", required: Object.keys(properties), additionalProperties: false, properties };
}

export const WORKFLOW_SCHEMAS: Readonly<Record<WorkflowSchemaName, Schema>> = {
  Canvas: {
    description: "Tasks that belong together, nested in any way; or one of Celery's own signatures.",
    ...anyOf(
      "CanvasTask",
      "CanvasChain",
      "CanvasGroup",
      "CanvasChord",
      "CanvasMap",
      "CanvasStarmap",
      "CanvasChunks",
      "CelerySignature",
    ),
    examples: [
      {
        chain: [
          { task: "examples.add", args: [2, 3] },
          { task: "examples.add", args: [10] },
        ],
      },
    ],
  },
  CanvasTask: form(
    "task",
    taskName,
    "One task. In a chain it gets the result before it as its first argument.",
    {
      args,
      kwargs,
      immutable: { type: "boolean", description: "Do not pass on the result before it." },
      ...shared,
    },
  ),
  CanvasChain: form("chain", canvases, "One after the other."),
  CanvasGroup: form("group", canvases, "All at once.", { options: ref("CanvasOptions") }),
  CanvasChord: form(
    "chord",
    many({ header: { anyOf: [canvases, ref("CanvasGroup"), ref("CelerySignature")] }, body: ref("Canvas") }),
    "All of the header at once, then the body with their results.",
  ),
  CanvasMap: form("map", many({ task: called, it: items }), "One task that calls another for each item."),
  CanvasStarmap: form(
    "starmap",
    many({ task: called, it: lists }),
    "The same, with a list of arguments each.",
  ),
  CanvasChunks: form(
    "chunks",
    many({ task: called, it: lists, n: { type: "integer", minimum: 1 } }),
    "A group of starmaps of n items each.",
    { options: ref("CanvasOptions") },
  ),
  CanvasLinks: {
    anyOf: [ref("Canvas"), { type: "array", maxItems: 10, items: ref("Canvas") }, { type: "null" }],
  },
  CanvasOptions: {
    type: ["object", "null"],
    description:
      "Of a task. Those of a group go to all its members, of a chord to header and body, of a chain to its first step.",
    additionalProperties: false,
    properties: {
      queue: { type: ["string", "null"], pattern: QUEUE_PATTERN },
      eta: { ...time, type: ["string", "null"] },
      delay: { ...duration, type: ["number", "string", "null"], description: "From when it is sent." },
      countdown: { ...duration, type: ["number", "string", "null"], description: "Celery's name for delay." },
      expires: { ...duration, type: ["number", "string", "null"] },
      priority: { type: ["integer", "null"], minimum: 0, maximum: 9 },
      ignore_result: { type: ["boolean", "null"] },
      link: ref("CanvasLinks"),
      link_error: ref("CanvasLinks"),
    },
  },
  CelerySignature: {
    type: "object",
    description: "A signature as Celery writes it: json.dumps(chain(...)).",
    required: ["task"],
    additionalProperties: false,
    properties: {
      task: taskName,
      args,
      kwargs,
      options: ref("CanvasOptions"),
      subtask_type: { enum: ["chain", "group", "chord", null] },
      immutable: { type: "boolean" },
      chord_size: { type: "null" },
    },
  },
  WorkflowNode: {
    type: "object",
    required: ["id", "kind"],
    properties: {
      id,
      kind: { enum: ["task", "group"] },
      task: { type: "string" },
      after: { ...id, description: "The result that it follows from." },
      members: { type: "array", items: id, description: "Results of a group, in their order." },
    },
  },
  WorkflowAccepted: {
    type: "object",
    required: ["id", "root_id", "state", "results", "links"],
    properties: {
      id: { ...id, description: "Of the last result: a task's, or a group's." },
      root_id: { ...id, description: "Of the first one." },
      state: { const: "PENDING" },
      results: { type: "array", items: ref("WorkflowNode"), description: "The first ones first." },
      links: ref("WorkflowLinks"),
    },
  },
  Workflow: {
    type: "object",
    required: ["id", "state", "terminal", "total", "ended", "counts", "links"],
    properties: {
      id,
      root_id: id,
      state: { type: "string", examples: ["PENDING", "STARTED", "SUCCESS", "FAILURE", "REVOKED"] },
      terminal: { type: "boolean", description: "True when nothing will follow any more." },
      total: { ...count, description: "Tasks that are known." },
      ended: { ...count, description: "Those of them that have ended." },
      counts: { ...counts, description: "Tasks by state." },
      truncated: { type: "boolean" },
      result: { description: "Of the last task; of a group, the list of its results. Only in SUCCESS." },
      error: ref("TaskError"),
      failed_task: { ...id, description: "The task that failed or was revoked." },
      submitted_at: time,
      done_at: time,
      links: ref("WorkflowLinks"),
    },
  },
  WorkflowGraph: {
    type: "object",
    required: ["id", "nodes", "edges", "truncated"],
    properties: {
      id,
      nodes: {
        type: "array",
        items: {
          type: "object",
          required: ["id", "kind"],
          properties: {
            id: { type: "string" },
            kind: { enum: ["task", "group"] },
            task: { type: "string" },
            state: { type: "string" },
            done_at: time,
            worker: { type: "string" },
            retries: count,
          },
        },
      },
      edges: {
        type: "array",
        items: {
          type: "object",
          required: ["from", "to", "kind"],
          properties: {
            from: { type: "string" },
            to: { type: "string" },
            kind: { enum: ["body", "member", "child", "parent"] },
          },
        },
      },
      truncated: { type: "boolean" },
    },
  },
  WorkflowRevoked: {
    type: "object",
    required: ["id", "revoked", "ended", "terminate"],
    properties: {
      id,
      revoked: {
        type: "array",
        items: { type: "string" },
        description: "Tasks that workers were told not to run.",
      },
      ended: { ...count, description: "Tasks that had ended before." },
      terminate: { type: "boolean" },
    },
  },
  WorkflowLinks: {
    type: "object",
    required: ["self", "graph", "events"],
    properties: { self: uri, graph: uri, events: uri },
  },
};
