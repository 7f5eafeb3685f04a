/** Forms (application/x-www-form-urlencoded), read strictly. */
import { type PlainObject, setOwn } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";

const MAX_FIELDS = 1000;

/** Fields by name; one that comes several times is a list. Throws Problem `invalid-arguments`. */
export function parseForm(text: string): PlainObject {
  const pairs = text === "" ? [] : text.split("&", MAX_FIELDS + 1);
  if (pairs.length > MAX_FIELDS) throw invalidForm(`The form has more than ${MAX_FIELDS} fields.`);
  const form: PlainObject = {};
  for (const pair of pairs) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? "" : decode(pair.slice(equals + 1));
    const before = Object.hasOwn(form, name) ? form[name] : undefined;
    if (Array.isArray(before)) before.push(value);
    else setOwn(form, name, before === undefined ? value : [before, value]);
  }
  return form;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalidForm("The form has a percent escape that is broken, or is not UTF-8.");
  }
}

function invalidForm(detail: string): Problem {
  return new Problem("invalid-arguments", { detail });
}
