/** Events in binary mode: attributes in headers, data in the body. Source: bindings/http-protocol-binding.md, 3.1. */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { type PlainObject, setOwn } from "../../protocol/index.ts";
import { parseBody } from "../json-body.ts";
import { type CloudEvent, checkEvent, invalidEvent, isJsonType } from "./event.ts";

const PREFIX = "ce-";
const PERCENT = 0x25;

/** Throws Problem `invalid-arguments`, and what parsing throws. */
export function readBinaryEvent(req: IncomingMessage, body: Buffer, maxDepth: number): CloudEvent {
  const event = readAttributes(req.rawHeaders);
  const type = req.headers["content-type"];
  if (type !== undefined) setOwn(event, "datacontenttype", type);
  const checked = checkEvent(event, "");
  if (body.length === 0) return checked;
  return { ...checked, ...dataOf(body, type, maxDepth) };
}

/** Node joins headers that come twice; an attribute has one value. */
function readAttributes(rawHeaders: readonly string[]): PlainObject {
  const attributes: PlainObject = {};
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const header = rawHeaders[at]?.toLowerCase() ?? "";
    if (!header.startsWith(PREFIX)) continue;
    const name = header.slice(PREFIX.length);
    if (name === "datacontenttype")
      throw invalidEvent([
        { pointer: "/datacontenttype", detail: "is the header Content-Type in this mode" },
      ]);
    if (Object.hasOwn(attributes, name) || name === "data" || name === "data_base64")
      throw invalidEvent([{ pointer: `/${name}`, detail: "is there twice, or cannot be a header" }]);
    setOwn(attributes, name, decodeHeader(rawHeaders[at + 1] ?? "", name));
  }
  return attributes;
}

/** Takes quotes off, then percent-decodes once. Throws Problem `invalid-arguments`. */
export function decodeHeader(value: string, name: string): string {
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  const text = isQuoted ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1") : value;
  // Node reads headers as Latin-1: this gives back their bytes.
  const bytes = Buffer.from(text, "latin1");
  const decoded: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte !== PERCENT) {
      decoded.push(byte);
      continue;
    }
    const hex = text.slice(at + 1, at + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(hex))
      throw invalidEvent([
        { pointer: `/${name}`, detail: "has a percent sign without two hexadecimal digits" },
      ]);
    decoded.push(Number.parseInt(hex, 16));
    at += 2;
  }
  const result = Buffer.from(decoded);
  if (!isUtf8(result)) throw invalidEvent([{ pointer: `/${name}`, detail: "is not UTF-8" }]);
  return result.toString();
}

/** JSON as a value, text as a string, anything else as base64. */
function dataOf(body: Buffer, type: string | undefined, maxDepth: number): PlainObject {
  if (type !== undefined && isJsonType(type)) return { data: parseBody(body, maxDepth) };
  const isText = type?.toLowerCase().startsWith("text/") === true && isUtf8(body);
  return isText ? { data: body.toString() } : { data_base64: body.toString("base64") };
}
