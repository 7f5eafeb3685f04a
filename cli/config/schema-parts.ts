/**
 * Pieces of the table of options, which is a JSON Schema. Beside the words of JSON Schema it has `x-flag`: the attribute of the
 * flag that gives the same value. `writeOnly` marks secrets.
 */

export type Schema = Readonly<Record<string, unknown>>;

/** What more there is to say of an option. */
export interface OptionFacts extends Schema {
  /** Of the command's options: `tlsCert` is `--tls-cert`. */
  readonly "x-flag"?: string;
  readonly writeOnly?: boolean;
  readonly default?: unknown;
}

export function text(description: string, facts: OptionFacts = {}): Schema {
  return { type: "string", minLength: 1, description, ...facts };
}

export function secret(description: string, facts: OptionFacts = {}): Schema {
  return text(description, { writeOnly: true, ...facts });
}

export function whole(description: string, facts: OptionFacts = {}): Schema {
  return { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description, ...facts };
}

/** A duration or a part; 0 or more. */
export function number(description: string, facts: OptionFacts = {}): Schema {
  return { type: "number", minimum: 0, description, ...facts };
}

export function onOff(description: string, facts: OptionFacts = {}): Schema {
  return { type: "boolean", description, ...facts };
}

export function list(description: string, items: Schema, facts: OptionFacts = {}): Schema {
  return { type: "array", maxItems: 1000, items, description, ...facts };
}

export function words(description: string, facts: OptionFacts = {}): Schema {
  return list(description, { type: "string", minLength: 1 }, facts);
}

/** Members with these names and no others. */
export function section(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required?: readonly string[],
): Schema {
  return {
    type: "object",
    description,
    additionalProperties: false,
    properties,
    ...(required === undefined ? {} : { required }),
  };
}

/** Members whose names are the user's own. */
export function named(description: string, schema: Schema, names?: string): Schema {
  return {
    type: "object",
    description,
    maxProperties: 1000,
    ...(names === undefined ? {} : { propertyNames: { pattern: names } }),
    additionalProperties: schema,
  };
}

/** One of {@link definitions}. */
export function definition(name: string): Schema {
  return { $ref: `#/$defs/${name}` };
}
