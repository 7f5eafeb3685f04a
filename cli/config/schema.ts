/** The table of options as one JSON Schema: checks files, helps editors, and makes the table of docs/configuration.md. */
import { GATEWAY_SCHEMAS } from "../../gateway/index.ts";
import { isPlainObject } from "../../protocol/index.ts";
import { APP_SCHEMA } from "./app-schema.ts";
import { GATEWAY_SCHEMA } from "./gateway-schema.ts";
import { BEAT_SCHEMA, LOG_SCHEMA, WORKER_SCHEMA } from "./process-schema.ts";
import { type Schema, section } from "./schema-parts.ts";

export type SectionName = "app" | "gateway" | "worker" | "beat" | "log";

export const SECTIONS: Readonly<Record<SectionName, Schema>> = {
  app: APP_SCHEMA,
  gateway: GATEWAY_SCHEMA,
  worker: WORKER_SCHEMA,
  beat: BEAT_SCHEMA,
  log: LOG_SCHEMA,
};

export const SECTION_NAMES: readonly SectionName[] = Object.keys(SECTIONS) as SectionName[];

const { AccessPolicy, EventOptions, MappingRule } = GATEWAY_SCHEMAS;

/** What the gateway has a schema for already. */
const DEFINITIONS: Readonly<Record<string, Schema>> = {
  AccessPolicy,
  EventOptions,
  MappingRule,
  HookRequest: hookSchema(),
};

/** What a file must be once its references are resolved. */
export const CONFIG_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "celerity.yaml",
  ...section("Configuration of celerity gateway, up, worker and beat.", SECTIONS),
  $defs: rewritten(DEFINITIONS, (schema) =>
    typeof schema["$ref"] === "string"
      ? { ...schema, $ref: schema["$ref"].replace("#/components/schemas/", "#/$defs/") }
      : schema,
  ),
};

/** A hook in a file says nothing about itself, and may name variables of the environment that hold its secrets. */
function hookSchema(): Schema {
  const schema = GATEWAY_SCHEMAS.HookRequest;
  const members = Object.entries(schema["properties"] as Readonly<Record<string, Schema>>);
  const own = members.filter(([, member]) => Object.keys(member).length > 0);
  const properties = Object.fromEntries(own);
  const { secrets = {} } = properties;
  const items = secrets["items"] as Schema;
  const variable = {
    type: "string",
    minLength: 1,
    description: "Variable of the environment that holds it.",
  };
  const { required: _required, ...rest } = items;
  return {
    ...schema,
    properties: {
      ...properties,
      secrets: {
        ...secrets,
        writeOnly: true,
        items: { ...rest, properties: { ...(items["properties"] as object), env: variable } },
      },
    },
  };
}

const REFERENCE: Schema = {
  type: "object",
  description: "A variable of the environment, or the text of a file.",
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: { $env: { type: "string", minLength: 1 }, $file: { type: "string", minLength: 1 } },
};

/** For editors: as files are written, with references in the place of texts. */
export function editorSchema(): Schema {
  const open = rewritten(CONFIG_SCHEMA, (schema) => {
    const isText = schema["type"] === "string" && schema["const"] === undefined;
    if (!isText) return schema;
    const { description, default: value, ...rest } = schema;
    const facts = {
      ...(description === undefined ? {} : { description }),
      ...(value === undefined ? {} : { default: value }),
    };
    return { ...facts, anyOf: [rest, { $ref: "#/$defs/Reference" }] };
  }) as Schema;
  return { ...open, $defs: { ...(open["$defs"] as object), Reference: REFERENCE } };
}

/** A copy in which every schema below, the innermost first, is what `change` makes of it. */
function rewritten(value: unknown, change: (schema: Schema) => Schema): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => rewritten(item, change));
  if (!isPlainObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, rewritten(member, change)]);
  return change(Object.fromEntries(members) as Schema);
}
