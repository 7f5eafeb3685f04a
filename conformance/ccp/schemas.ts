/** A JSON Schema for every message of CCP/1, in one table. `celerity conformance explain ccp` prints it. */
import type { CommandName } from "./messages.ts";

/** A JSON Schema, draft 2020-12. */
export type Schema = Readonly<Record<string, unknown>>;

/** A command, and the two schemas that belong to it. */
export interface MessageSchema {
  /** What the adapter does when it gets it. */
  readonly does: string;
  readonly command: Schema;
  readonly answer: Schema;
}

const TEXT: Schema = { type: "string" };
const TEXTS: Schema = { type: "array", items: TEXT };
const BASE64: Schema = { type: "string", pattern: "^[A-Za-z0-9+/]*={0,2}$" };
const ANY: Schema = { $ref: "#/$defs/tagged" };
const MEMBERS: Schema = { $ref: "#/$defs/taggedMembers" };

function object(required: Readonly<Record<string, Schema>>, optional: Readonly<Record<string, Schema>> = {}) {
  return { type: "object", properties: { ...required, ...optional }, required: Object.keys(required) };
}

/** A call to make. */
export const CALL: Schema = object(
  { task: TEXT },
  { args: { type: "array", items: ANY }, kwargs: MEMBERS, options: MEMBERS },
);
/** A message in AMQP's form. */
export const AMQP_WIRE: Schema = object({ properties: MEMBERS, headers: MEMBERS, body_b64: BASE64 });
/** A task message. */
export const WIRE: Schema = {
  if: { type: "object", required: ["envelope"] },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
  then: object({ envelope: TEXT }),
  else: AMQP_WIRE,
};
/** A stored result. */
export const STORED: Schema = object({ serializer: TEXT, body_b64: BASE64 });
const OK: Schema = object({ ok: { const: true } });

/** What an adapter may answer to any command. */
export const REFUSALS: Readonly<Record<"skipped" | "errored", Schema>> = {
  skipped: object({ skipped: { const: true }, message: TEXT }, { issue_url: TEXT }),
  errored: object({ errored: { const: true }, message: TEXT }, { trace: TEXT }),
};

/** What an adapter may leave out: it says in `commands` what it has. */
const OPTIONAL_COMMANDS = ["encode", "decode", "publish", "result", "work", "drain", "serve", "capture"];

/** The commands, in the order of a run. `cmd` and `seq` are in all of them, `seq` in every answer too. */
export const MESSAGES: Readonly<Record<CommandName, MessageSchema>> = {
  start: {
    does: "says what it is, what it can be and what it can do",
    command: object({ version: { const: 1 } }),
    answer: object(
      {
        name: TEXT,
        language: TEXT,
        version: TEXT,
        roles: { type: "array", items: { enum: ["producer", "worker", "results", "gateway"] } },
        features: { type: "object" },
      },
      { homepage: TEXT, issues: TEXT, commands: { type: "array", items: { enum: OPTIONAL_COMMANDS } } },
    ),
  },
  configure: {
    does: "takes the servers and the environment to use from now on",
    command: object(
      {},
      { broker: TEXT, backend: { type: ["string", "null"] }, queue: TEXT, env: { type: "object" } },
    ),
    answer: OK,
  },
  encode: {
    does: "makes the message of a call, without a network",
    command: object({ call: CALL }),
    answer: object({ wire: AMQP_WIRE }),
  },
  decode: {
    does: "reads a message (wire) or a stored result (stored), or says why it does not accept it",
    command: object({}, { wire: WIRE, stored: STORED }),
    answer: {
      if: { properties: { accept: { const: false } } },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
      then: object({ accept: { type: "boolean" }, reason: TEXT }),
      else: {
        ...object({ accept: { type: "boolean" } }, { call: MEMBERS, result: MEMBERS }),
        anyOf: [{ required: ["call"] }, { required: ["result"] }],
      },
    },
  },
  publish: {
    does: "sends a call, or a canvas as Celery's JSON has it, to the configured queue",
    command: object({}, { call: CALL, canvas: MEMBERS }),
    answer: object({ id: TEXT }),
  },
  result: {
    does: "waits for a task's result",
    command: object({ id: TEXT, timeout_ms: { type: "integer" } }),
    answer: object({ state: TEXT }, { value: ANY, error: ANY }),
  },
  work: {
    does: "runs the standard tasks from a queue",
    command: object({ queue: TEXT, tasks: { const: "standard" } }),
    answer: object({ ready: { const: true } }),
  },
  serve: {
    does: "serves the gateway",
    command: object({}),
    answer: object({ url: TEXT }),
  },
  capture: {
    does: "makes all messages of a call or a canvas without sending them: for recording, by the one that others are measured by",
    command: object({}, { call: CALL, canvas: MEMBERS }),
    answer: object(
      { ids: TEXTS, wires: { type: "array", items: AMQP_WIRE } },
      { end: TEXT, groups: TEXTS, chords: { type: "object", additionalProperties: { type: "integer" } } },
    ),
  },
  drain: { does: "stops working when what runs has ended", command: object({}), answer: OK },
  stop: { does: "ends with exit code 0, without an answer", command: object({}), answer: object({}) },
};

const TAG_CONTENTS: Readonly<Record<string, Schema>> = {
  $int: { type: "string", pattern: "^-?[0-9]+$" },
  $float: { type: "string", pattern: "^(-?inf|-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?)$" },
  $nan: { const: true },
  $bytes: BASE64,
  $datetime: TEXT,
  $date: TEXT,
  $time: TEXT,
  $decimal: TEXT,
  $uuid: TEXT,
  $tuple: { type: "array", items: ANY },
  $set: { type: "array", items: ANY },
  $dict: { type: "array", items: { type: "array", items: ANY, minItems: 2, maxItems: 2 } },
};

/** Tagged values, as conditions rather than alternatives so that an error names what is wrong instead of all that may be. */
export const DEFINITIONS: Readonly<Record<string, Schema>> = {
  tagged: {
    if: { type: "array" },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
    then: { items: ANY },
    else: {
      if: { type: "object" },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
      then: Object.entries(TAG_CONTENTS).reduce<Schema>(
        (otherwise, [tag, content]) => ({
          if: { required: [tag], maxProperties: 1 },
          // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
          then: { properties: { [tag]: content } },
          else: otherwise,
        }),
        MEMBERS,
      ),
      else: { type: ["string", "boolean", "null"] },
    },
  },
  taggedMembers: { type: "object", additionalProperties: ANY },
};
