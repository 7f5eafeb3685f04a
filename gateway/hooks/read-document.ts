/** A delivery's body as data for the rules. Called only once the sender is known. */
import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { isPlainObject, type PlainObject, setOwn } from "../../protocol/index.ts";
import { parseBody } from "../json-body.ts";
import { Problem } from "../problems.ts";
import { parseForm } from "./form.ts";
import type { BodyFormat } from "./hook-options.ts";

export interface DocumentOptions {
  /** Default: as Content-Type says. */
  readonly format: BodyFormat | undefined;
  /** Fields of a form that hold JSON. */
  readonly jsonFields: readonly string[];
  readonly maxDepth: number;
}

const JSON_TYPE = /^(?:application|text)\/(?:[\w.+-]{1,100}\+)?json$/;
const FORM_TYPE = "application/x-www-form-urlencoded";

/**
 * JSON as it is, a form as an object, text as a string, bytes as base64. Throws Problem `unsupported-media-type` and what
 * parsing throws.
 */
export function readDocument(body: Buffer, headers: IncomingHttpHeaders, options: DocumentOptions): unknown {
  const encoding = headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding !== "identity")
    throw new Problem("unsupported-media-type", { detail: "The body is compressed (Content-Encoding)." });
  switch (options.format ?? formatOf(headers)) {
    case "json":
      return parseBody(body, options.maxDepth);
    case "form":
      return readForm(utf8(body), options);
    case "text":
      return utf8(body);
    case "bytes":
      return body.toString("base64");
  }
}

function formatOf({ "content-type": header = "" }: IncomingHttpHeaders): BodyFormat {
  const [type = ""] = header.split(";");
  const bare = type.trim().toLowerCase();
  if (JSON_TYPE.test(bare)) return "json";
  if (bare === FORM_TYPE) return "form";
  throw new Problem("unsupported-media-type", {
    detail: `Content-Type is neither JSON nor a form; set the hook's "format" to text or bytes to take others.`,
    headers: { "accept-post": `application/json, ${FORM_TYPE}` },
  });
}

function utf8(body: Buffer): string {
  if (!isUtf8(body)) throw new Problem("bad-unicode", { detail: "The body is not UTF-8." });
  return body.toString();
}

function readForm(text: string, { jsonFields, maxDepth }: DocumentOptions): PlainObject {
  const form = parseForm(text);
  for (const name of jsonFields) {
    const value = Object.hasOwn(form, name) ? form[name] : undefined;
    if (typeof value === "string") setOwn(form, name, parseBody(Buffer.from(value), maxDepth));
  }
  return form;
}

/** A member of a document's top level, when it is an object that has it. */
export function memberOf(document: unknown, name: string): unknown {
  return isPlainObject(document) && Object.hasOwn(document, name) ? document[name] : undefined;
}
