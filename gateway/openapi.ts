/** Prints the OpenAPI document from the routes and the schemas that requests are checked with. */
import { VERSION } from "../version.ts";
import { PROBLEMS, type ProblemName } from "./problems.ts";
import type { ResponseSpec, Route } from "./route.ts";
import { ref, type Schema } from "./schema-parts.ts";
import { SCHEMAS, type SchemaName } from "./schemas.ts";

/** Problems that any request can end in. */
const COMMON: readonly ProblemName[] = ["bad-request", "internal-error", "temporary-reduced-capacity"];

/** Problems of routes with parameters in the query (query-check.ts). */
const QUERY: readonly ProblemName[] = ["invalid-arguments"];

const TAGS = [
  { name: "tasks", description: "Send tasks, follow them, read their results." },
  { name: "workflows", description: "Chains, groups and chords: many tasks as one." },
  { name: "schedules", description: "Tasks that beat sends again and again." },
  { name: "workers", description: "Who runs the tasks, and what they are told." },
  { name: "queues", description: "What waits at the broker." },
  { name: "dead letters", description: "Messages that no worker could run." },
  { name: "webhooks", description: "Callbacks: who is told how tasks end, and what came of it." },
  { name: "hooks", description: "Webhooks and CloudEvents that come in, and the tasks that they become." },
  { name: "operation", description: "For those who run the gateway." },
];

const DESCRIPTION =
  "Send Celery tasks over HTTP, follow them and read their results. Errors are application/problem+json (RFC 9457), times RFC 3339 with an offset. Integers of any size are exact.";

/** Problems of whoever needs a credential. */
const ACCESS: readonly ProblemName[] = [
  "unauthenticated",
  "bad-signature",
  "stale-signature",
  "insufficient-scope",
  "task-forbidden",
  "queue-forbidden",
  "forbidden-origin",
  "quota-exceeded",
  "abnormal-usage-detected",
  "state-unavailable",
];

/** Needed when the gateway asks for credentials; one of them is enough. */
const SECURITY_SCHEMES: Readonly<Record<string, object>> = {
  bearer: { type: "http", scheme: "bearer", description: "An API key (cel_...), or a JSON Web Token." },
  certificate: { type: "mutualTLS", description: "A TLS client certificate that a credential names." },
};

/** The document as an object. */
export function openapiOf(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Celerity gateway",
      version: VERSION,
      description: DESCRIPTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    servers: [{ url: "/" }],
    tags: TAGS,
    paths,
    components: { schemas: SCHEMAS, securitySchemes: SECURITY_SCHEMES },
  };
}

function operationOf({
  path,
  operation,
  access = "admin",
  requestSchema,
  isBodyOptional = false,
  requestTypes,
  responses,
  problems,
}: Route): object {
  const { parameters = [], ...rest } = operation;
  const isPublic = access === "public";
  const scopes = access === "known" ? [] : [access];
  const hasQuery = parameters.some((parameter) => parameter.in === "query");
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => pathParameter(name));
  return {
    ...rest,
    parameters: [...named, ...parameters],
    ...(requestTypes === undefined ? {} : { requestBody: { content: contentOf(requestTypes) } }),
    ...(requestSchema === undefined
      ? {}
      : {
          requestBody: {
            required: !isBodyOptional,
            content: { "application/json": { schema: ref(requestSchema) } },
          },
        }),
    responses: {
      ...Object.fromEntries(Object.entries(responses).map(([status, spec]) => [status, responseOf(spec)])),
      ...problemResponses(
        [...COMMON, ...(hasQuery ? QUERY : []), ...(isPublic ? [] : ACCESS), ...problems],
        Object.keys(responses),
      ),
    },
    // Also without any, where the gateway asks nobody.
    ...(isPublic ? {} : { security: [{}, { bearer: scopes }, { certificate: scopes }] }),
  };
}

function contentOf(types: Readonly<Record<string, SchemaName>>): object {
  return Object.fromEntries(Object.entries(types).map(([type, name]) => [type, { schema: ref(name) }]));
}

function pathParameter(name: string): object {
  const property = (SCHEMAS.TaskAccepted["properties"] as Readonly<Record<string, Schema>>)[name];
  return { name, in: "path", required: true, schema: property ?? { type: "string" } };
}

function responseOf({
  description,
  schema,
  contentType = "application/json",
  textTypes = [],
  headers,
}: ResponseSpec): object {
  const hasBody = schema !== undefined || contentType !== "application/json";
  // Some readers take the schema of a stream for that of each event; OpenAPI 3.1 has none for events.
  const text = contentType === "text/event-stream" ? {} : { schema: { type: "string" } };
  const content = {
    [contentType]: schema === undefined ? text : { schema: ref(schema) },
    ...Object.fromEntries(textTypes.map((type) => [type, text])),
  };
  const described = Object.entries(headers ?? {}).map(([name, text]) => [
    name,
    { description: text, schema: { type: "string" } },
  ]);
  return {
    description,
    ...(headers === undefined ? {} : { headers: Object.fromEntries(described) }),
    ...(hasBody ? { content } : {}),
  };
}

/** One answer for each status, naming the problems that have it. */
function problemResponses(names: readonly ProblemName[], taken: readonly string[]): Record<string, object> {
  const byStatus = new Map<number, Set<ProblemName>>();
  for (const name of names) {
    const { status } = PROBLEMS[name];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(name));
  }
  const content = { "application/problem+json": { schema: ref("Problem") } };
  const answers = [...byStatus]
    .filter(([status]) => !taken.includes(String(status)))
    .map(([status, types]) => [status, { description: [...types].join(", "), content }]);
  return Object.fromEntries(answers);
}
