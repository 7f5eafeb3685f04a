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
  readonly segments: readonly string[];
  readonly routes: Map<string, Route>;
}

const NO_PARAMS: Readonly<Record<string, string>> = {};

export function createRouter(routes: readonly Route[]): Router {
  const fixed = new Map<string, Match & { readonly routes: Map<string, Route> }>();
  const patterns = new Map<string, Pattern>();
  for (const route of routes) {
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

function methodsAt(
  path: string,
  fixed: Map<string, Match & { readonly routes: Map<string, Route> }>,
  patterns: Map<string, Pattern>,
): Map<string, Route> {
  const known = fixed.get(path)?.routes ?? patterns.get(path)?.routes;
  if (known !== undefined) return known;
  const routes = new Map<string, Route>();
  if (path.includes("{")) patterns.set(path, { segments: path.split("/"), routes });
  else fixed.set(path, { routes, params: NO_PARAMS });
  return routes;
}

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, expected] of pattern.entries()) {
    const segment = segments[at] ?? "";
    if (expected.startsWith("{")) params[expected.slice(1, -1)] = decode(segment);
    else if (expected !== segment) return undefined;
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
