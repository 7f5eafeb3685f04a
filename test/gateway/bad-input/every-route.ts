/** All routes, with paths that lead to something. */
import { completionTokens } from "../../../app/index.ts";
import { FLOWER_ROUTES } from "../../../gateway/flower/index.ts";
import { openapiOf } from "../../../gateway/openapi.ts";
import type { Route } from "../../../gateway/route.ts";
import { ROUTES } from "../../../gateway/routes/index.ts";
import { COMPLETION_SECRET } from "./everything.ts";

export const EVERY_ROUTE: readonly Route[] = [...ROUTES, ...FLOWER_ROUTES];

/** By the first part of the path that fits: names that everything.ts makes, or that may be made. */
const NAMES: readonly (readonly [prefix: string, name: string])[] = [
  ["/v1/workers/", "w@shop"],
  ["/v1/queues/", "celery"],
  ["/v1/dead-letters/", "celery"],
  ["/v1/hooks/", "h"],
  ["/v1/call/", "examples.add"],
  ["/v1/task-types/", "examples.add"],
];

/** Lets a caller end the task x1. */
const TOKEN = completionTokens(COMPLETION_SECRET).of("x1");

/** The route's path with a value for each parameter; `instead` takes the place of one of them. */
export function pathTo({ path }: Route, instead: Readonly<Record<string, string>> = {}): string {
  const usual = NAMES.find(([prefix]) => path.startsWith(prefix))?.[1] ?? "x1";
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(instead[name] ?? (name === "token" ? TOKEN : usual)),
  );
}

/** Whether a request with a body makes sense. */
export function takesBody({ requestSchema, requestTypes, method, path }: Route): boolean {
  if (requestSchema !== undefined || requestTypes !== undefined) return true;
  return method === "POST" && (path.startsWith("/api/") || path === "/v1/hooks/{hook}");
}

/** Media type of a good body. */
export function bodyType({ path }: Route): string {
  return path === "/v1/events" ? "application/cloudevents+json" : "application/json";
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;
}

const document = openapiOf(ROUTES) as Document;

/** Statuses that the OpenAPI document names; undefined for routes that it leaves out. */
export function documented({ path, method }: Route): readonly number[] | undefined {
  const operation = document.paths[path]?.[method.toLowerCase()];
  return operation && Object.keys(operation.responses).map(Number);
}
