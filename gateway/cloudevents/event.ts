/**
 * CloudEvents 1.0: one event in its JSON form, whatever mode it came in, and the rules that it keeps.
 * Source: cloudevents/spec.md and formats/json-format.md of the cloudevents specification, version 1.0.2.
 */
import { isPlainObject, type PlainObject, setOwn } from "../../protocol/index.ts";
import { type FieldError, Problem } from "../problems.ts";

/** Attributes, extensions and `data` or `data_base64`, without those that are null. */
export interface CloudEvent extends PlainObject {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
}

const NAME = /^[a-z0-9]{1,100}$/;
const DATA_NAMES: ReadonlySet<string> = new Set(["data", "data_base64"]);
const REQUIRED = ["specversion", "id", "source", "type"] as const;
const MAX_ATTRIBUTES = 100;
const MAX_TEXT = 4096;
const MAX_INTEGER = 2 ** 31 - 1;

/** Control characters, halves of surrogate pairs, and what Unicode has reserved for no character. */
const NOT_TEXT = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;
const URI_REFERENCE = /^(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=\u0080-\u{10ffff}-]|%[0-9A-Fa-f]{2})+$/u;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,18})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\/[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}(?:[\t ]*;.*)?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** What is wrong with the text of an attribute; undefined for nothing. */
type Check = (text: string) => string | undefined;

const CHECKS: Readonly<Record<string, Check>> = {
  specversion: (text) => (text === "1.0" ? undefined : 'must be "1.0"'),
  id: notEmpty,
  type: notEmpty,
  source: (text) => (URI_REFERENCE.test(text) ? undefined : "must be a URI reference that is not empty"),
  subject: notEmpty,
  time: (text) =>
    TIME.test(text) && !Number.isNaN(Date.parse(text)) ? undefined : "must be a time of RFC 3339",
  dataschema: (text) =>
    SCHEME.test(text) && URI_REFERENCE.test(text) ? undefined : "must be an absolute URI",
  datacontenttype: (text) => (MEDIA_TYPE.test(text) ? undefined : "must be a media type"),
};

/** True when a media type is of JSON; absent, it is. */
export function isJsonType(type: string | undefined): boolean {
  if (type === undefined) return true;
  const [bare = ""] = type.toLowerCase().split(";");
  return /^[^/]{1,100}\/(?:[^/]{0,100}\+)?json$/.test(bare.trim());
}

/** `pointer` is where the event stands in the body. Throws Problem `invalid-arguments`, which lists all that is wrong. */
export function checkEvent(value: unknown, pointer: string): CloudEvent {
  if (!isPlainObject(value)) throw invalidEvent([{ pointer, detail: "an event is an object" }]);
  const members = Object.entries(value).filter(([, member]) => member !== null);
  if (members.length > MAX_ATTRIBUTES)
    throw invalidEvent([{ pointer, detail: `an event has at most ${MAX_ATTRIBUTES} attributes` }]);
  const event: PlainObject = {};
  for (const [name, member] of members) setOwn(event, name, member);
  // A payload may be null; an attribute that is null is none.
  if (Object.hasOwn(value, "data") && value["data"] === null) setOwn(event, "data", null);
  const errors = [...missingOf(event), ...members.flatMap(([name, member]) => wrongOf(name, member))];
  const data = wrongData(event);
  if (data !== undefined) errors.push(data);
  if (errors.length > 0)
    throw invalidEvent(errors.map((error) => ({ ...error, pointer: `${pointer}/${error.pointer}` })));
  // The checks above say so.
  return event as CloudEvent;
}

function missingOf(event: PlainObject): FieldError[] {
  return REQUIRED.filter((name) => !Object.hasOwn(event, name)).map((name) => ({
    pointer: name,
    detail: "this attribute is required",
  }));
}

function wrongOf(name: string, value: unknown): FieldError[] {
  if (DATA_NAMES.has(name)) return [];
  const pointer = name.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1");
  if (!NAME.test(name)) return [{ pointer, detail: "names of attributes are lower-case letters and digits" }];
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
  const detail =
    typeof value === "string" ? wrongText(value, check) : wrongScalar(value, check !== undefined);
  return detail === undefined ? [] : [{ pointer, detail }];
}

function wrongText(text: string, check: Check | undefined): string | undefined {
  if (text.length > MAX_TEXT) return `is longer than ${MAX_TEXT} characters`;
  if (NOT_TEXT.test(text)) return "has a control character, or one that is none";
  return check?.(text);
}

/** Extensions may be booleans and 32-bit integers; the attributes that the specification has are all text. */
function wrongScalar(value: unknown, isText: boolean): string | undefined {
  if (isText) return "must be text";
  if (typeof value === "boolean") return undefined;
  const isInteger = typeof value === "number" && Number.isInteger(value);
  if (isInteger && value <= MAX_INTEGER && value >= -MAX_INTEGER - 1) return undefined;
  return "must be text, a boolean or an integer of 32 bits";
}

function wrongData(event: PlainObject): FieldError | undefined {
  const { data, data_base64: base64, datacontenttype: type } = event;
  if (base64 !== undefined) {
    if (data !== undefined) return { pointer: "data", detail: "cannot stand beside data_base64" };
    const isBase64 = typeof base64 === "string" && base64.length % 4 === 0 && BASE64.test(base64);
    return isBase64 ? undefined : { pointer: "data_base64", detail: "must be base64" };
  }
  const isText = typeof type === "string" && !isJsonType(type);
  if (data === undefined || !isText || typeof data === "string") return undefined;
  return { pointer: "data", detail: "must be text, since datacontenttype is not JSON" };
}

function notEmpty(text: string): string | undefined {
  return text === "" ? "must not be empty" : undefined;
}

const MAX_ERRORS = 20;

export function invalidEvent(errors: readonly FieldError[]): Problem {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return new Problem("invalid-arguments", {
    detail: `${first?.pointer || "The body"}: ${first?.detail ?? ""}${more}`,
    members: { errors: errors.slice(0, MAX_ERRORS) },
  });
}
