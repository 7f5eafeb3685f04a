/** What came in, as rules see it, and the places in it that they name. */
import type { IncomingHttpHeaders } from "node:http";
import { HookOptionError } from "./option-error.ts";
import { parsePointer, resolvePointer } from "./pointer.ts";

export interface MappingSource {
  /** The body as data: what its format makes of it. */
  readonly document: unknown;
  /** Names in lower case, as Node gives them. */
  readonly headers: IncomingHttpHeaders;
}

/** One place: a pointer into the document, or a header. */
export interface PlaceOptions {
  readonly pointer?: string | undefined;
  readonly header?: string | undefined;
}

/** A place that can be looked at. */
export interface Place {
  /** For messages: `/data/id`, or `header x-github-event`. */
  readonly name: string;
  /** JSON Pointer into the body, "" for a header: where to say that something is missing. */
  readonly pointer: string;
  /** undefined for nothing there. */
  find(source: MappingSource): unknown;
}

/** What rules may use. */
export interface MappingScope {
  /** The only tasks that they may send; undefined: those that they name themselves. */
  readonly tasks: readonly string[] | undefined;
  /** False for events, which may come without headers of their own. */
  readonly hasHeaders: boolean;
}

/** Throws HookOptionError. `where` is the pointer of the options themselves. */
export function readPlace({ pointer, header }: PlaceOptions, scope: MappingScope, where: string): Place {
  if ((pointer === undefined) === (header === undefined))
    throw new HookOptionError(where, "must name a pointer or a header, one of them");
  if (header !== undefined) {
    if (!scope.hasHeaders)
      throw new HookOptionError(where, "cannot name a header: an event has attributes, and pointers to them");
    const name = header.toLowerCase();
    return { name: `header ${name}`, pointer: "", find: ({ headers }) => headerValue(headers[name]) };
  }
  const text = pointer ?? "";
  const parts = parsePointer(text);
  if (parts === undefined)
    throw new HookOptionError(where, `${JSON.stringify(text)} is no JSON Pointer, such as /data/id`);
  const name = text === "" ? "the whole body" : text;
  return { name, pointer: text, find: ({ document }) => resolvePointer(document, parts) };
}

function headerValue(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
