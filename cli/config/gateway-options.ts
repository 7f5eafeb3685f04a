/** The section `gateway` as options of a gateway. */
import type { GatewayOptions } from "../../gateway/index.ts";
import { isPlainObject, type PlainObject, setOwn } from "../../protocol/index.ts";
import { GATEWAY_SCHEMA } from "./gateway-schema.ts";
import type { Schema } from "./schema-parts.ts";

/** Where it listens and remembers is what flags say, in which the file's values are by then. */
const OF_FLAGS: ReadonlySet<string> = new Set(["listen", "publicUrl", "dataDir", "state"]);

/** The options that the file gives, for a section that was checked. */
export function fileOptions(section: PlainObject): Partial<GatewayOptions> {
  const options = Object.entries(inCode(section, GATEWAY_SCHEMA) as PlainObject);
  return Object.fromEntries(options.filter(([name]) => !OF_FLAGS.has(name)));
}

/** Names of options are camelCase in code; names that are the user's own, and what other schemas describe, stay as they are. */
function inCode(value: unknown, schema: Schema): unknown {
  const { properties, additionalProperties, items } = schema;
  if (Array.isArray(value))
    return isPlainObject(items) ? value.map((item: unknown) => inCode(item, items)) : value;
  if (!isPlainObject(value)) return value;
  const copy: PlainObject = {};
  for (const [name, member] of Object.entries(value)) {
    if (isPlainObject(properties)) setOwn(copy, camelCase(name), inCode(member, properties[name] as Schema));
    else
      setOwn(copy, name, isPlainObject(additionalProperties) ? inCode(member, additionalProperties) : member);
  }
  return copy;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
