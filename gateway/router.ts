/** Finds a route by its path without regular expressions: fixed paths by one look-up, the others segment by segment. */
import { Problem } from "./problems.ts";
import type { Route } from "./route.ts";

/** What a path leads to. */
export interface Match {
  /** By method. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /** undefined when no route has this path. Throws Problem `bad-request` for a broken percent escape. */
  match(path: string): Match | undefined;
}

interface Pattern {
  readonly segments: readonly Segment[];
  readonly routes: Map<string, Route>;
}

/** One part of a path: fixed text, or a parameter with what must follow it, as in `{id}:revoke`. */
interface Segment {
  readonly text: string;
  readonly param: string | undefined;
}

const NO_PARAMS: Readonly<Record<string, string>> = {};

export function createRouter(routes: readonly Route[]): Router {
  const fixed = new Map<string, Match & { readonly routes: Map<string, Route> }>();
  const patterns = new Map<string, Pattern>();
  // `/tasks/{id}:revoke` is asked before `/tasks/{id}`, which would take it for an id.
  const actionsFirst = [...routes].sort((a, b) => Number(isAction(b)) - Number(isAction(a)));
  for (const route of actionsFirst) {
    const byMethod = methodsAt(route.path, fixed, patterns);
    byMethod.set(route.method, route);
    if (route.method === "GET") byMethod.set("HEAD", route);
  }
  return {
    match(path) {
      const found = fixed.get(path);
      if (found !== undefined) return found;
      const segments = path.split("/");
      for (const pattern of patterns.values()) {
        const params = matchSegments(pattern.segments, segments);
        if (params !== undefined) return { routes: pattern.routes, params };
      }
      return undefined;
    },
  };
}

function isAction({ path }: Route): boolean {
  return path.includes("}:");
}

function methodsAt(
  path: string,
  fixed: Map<string, Match & { readonly routes: Map<string, Route> }>,
  patterns: Map<string, Pattern>,
): Map<string, Route> {
  const known = fixed.get(path)?.routes ?? patterns.get(path)?.routes;
  if (known !== undefined) return known;
  const routes = new Map<string, Route>();
  if (path.includes("{")) patterns.set(path, { segments: path.split("/").map(toSegment), routes });
  else fixed.set(path, { routes, params: NO_PARAMS });
  return routes;
}

function toSegment(part: string): Segment {
  const end = part.indexOf("}");
  return part.startsWith("{")
    ? { param: part.slice(1, end), text: part.slice(end + 1) }
    : { param: undefined, text: part };
}

function matchSegments(
  pattern: readonly Segment[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, { param, text }] of pattern.entries()) {
    const segment = segments[at] ?? "";
    if (param === undefined) {
      if (text !== segment) return undefined;
    } else if (segment.length > text.length && segment.endsWith(text)) {
      params[param] = decode(segment.slice(0, segment.length - text.length));
    } else return undefined;
  }
  return params;
}

function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Problem("bad-request", { detail: "The path has a broken percent escape." });
  }
}
