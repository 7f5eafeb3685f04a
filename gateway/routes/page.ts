/** Parameters of listings. */
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import type { ParameterSpec } from "../route.ts";

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 500;

/** What a listing depends on: the same for a request of its own and for one who follows it. */
export type Asked = Pick<Exchange, "base" | "caller" | "query">;

/** A page of a listing as JSON text. */
export interface Page {
  readonly text: string;
  /** Link to the next page; undefined on the last one. */
  readonly next?: string | undefined;
}

export function answerPage(exchange: Exchange, { text, next }: Page): void {
  exchange.json(200, text, {
    "cache-control": "no-store",
    ...(next === undefined ? {} : { link: `<${next}>; rel="next"` }),
  });
}

/** `limit` and `cursor`; `what` is listed. */
export function pageParameters(what: string): readonly ParameterSpec[] {
  return [
    {
      name: "limit",
      in: "query",
      description: `${what} on a page at most.`,
      schema: { type: "integer", minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
    },
    {
      name: "cursor",
      in: "query",
      description: "Where the page before ended; take it from its next link.",
      schema: { type: "string" },
    },
  ];
}

/** Throws Problem `invalid-arguments`. */
export function readNumber(name: string, text: string, min: number, max: number): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : -1;
  if (number >= min && number <= max) return number;
  throw new Problem("invalid-arguments", {
    detail: `The parameter ${name} must be a number from ${min} to ${max}.`,
  });
}

/** The page size that the query asks for. */
export function readLimit(query: URLSearchParams): number {
  const limit = query.get("limit");
  return limit === null ? DEFAULT_LIMIT : readNumber("limit", limit, 1, MAX_LIMIT);
}

/** For a cursor that no page has given. */
export function badCursor(): Problem {
  return new Problem("invalid-arguments", {
    detail: "The parameter cursor must come from the next link of a page.",
  });
}

/** The same listing from `cursor` on. */
export function nextLink(path: string, query: URLSearchParams, cursor: string): string {
  const params = new URLSearchParams(query);
  params.set("cursor", cursor);
  return `${path}?${params}`;
}

/** Where the page before ended, when it looks like what is listed. Throws Problem `invalid-arguments`. */
export function readCursor(query: URLSearchParams, pattern: RegExp): string | undefined {
  const cursor = query.get("cursor");
  if (cursor === null) return undefined;
  if (pattern.test(cursor)) return cursor;
  throw new Problem("invalid-arguments", { detail: "The parameter cursor is not one of this listing." });
}
