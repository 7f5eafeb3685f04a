/** The section `app`: Celery's settings under Celery's names, or in camelCase as in code. */
import { celeryName, DEFAULT_SETTINGS, settingTypes } from "../../app/index.ts";
import type { Schema } from "./schema-parts.ts";

/** Settings that are flags of commands, too. */
const FLAGS: Readonly<Record<string, string>> = { brokerUrl: "broker", resultBackend: "resultBackend" };
/** Settings whose values are secrets, or may be; URLs hide their passwords otherwise. */
const SECRET = /password|secret|(?:signing|seal|security)_key$/;

/** Settings by their name in code. */
export const SETTING_SCHEMAS: Readonly<Record<string, Schema>> = Object.fromEntries(
  Object.entries(DEFAULT_SETTINGS).map(([name, value]) => [name, settingSchema(name, value)]),
);

export const APP_SCHEMA: Schema = {
  type: "object",
  description: "Celery's settings (docs/settings.md).",
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(SETTING_SCHEMAS).flatMap(([name, schema]) => [
      [celeryName(name), schema],
      [name, schema],
    ]),
  ),
};

/** Settings reach the app by way of the environment, where an empty text is none and lists have commas. */
function settingSchema(name: string, value: unknown): Schema {
  return {
    type: settingTypes(name),
    minLength: 1,
    minimum: 0,
    ...(Array.isArray(value)
      ? { minItems: 1, items: { type: ["string", "number"], pattern: "^[^,]+$" } }
      : {}),
    ...(Object.hasOwn(FLAGS, name) ? { "x-flag": FLAGS[name] } : {}),
    ...(SECRET.test(celeryName(name)) ? { writeOnly: true } : {}),
    default: value,
  };
}
