/** Which headers belong to the protocol, and which to the caller. */
import { isPlainObject, type PlainObject } from "./values.ts";

/** Headers that Celery, kombu or this project give a meaning; a caller over HTTP may not set them. */
export const PROTOCOL_HEADERS: ReadonlySet<string> = new Set([
  "lang",
  "task",
  "id",
  "shadow",
  "eta",
  "expires",
  "group",
  "group_index",
  "retries",
  "timelimit",
  "root_id",
  "parent_id",
  "argsrepr",
  "kwargsrepr",
  "origin",
  "ignore_result",
  "replaced_task_nesting",
  "stamped_headers",
  "stamps",
  "compression",
  "redelivered",
  "celerity-seal",
  "celerity-deliveries",
]);

/** RabbitMQ's records of one message's life; never sent on (celery/app/task.py X_DEATH_HEADERS, and the delivery count). */
const BROKER_HEADER = /^x-(?:death|delivery-count|(?:first|last)-death-(?:exchange|queue|reason))$/;

/** The caller's own headers: what a task sees, and what a retry sends again. */
export function customHeaders(headers: Readonly<Record<string, unknown>>): PlainObject {
  const own = Object.entries(headers).filter(
    ([name]) => !PROTOCOL_HEADERS.has(name) && !BROKER_HEADER.test(name),
  );
  return Object.fromEntries(own);
}

/** Stamps of a call: names of the stamped headers, and their values. Wrong types count as none. */
export function readStamps(headers: Readonly<Record<string, unknown>>): {
  readonly stampedHeaders: readonly string[];
  readonly stamps: PlainObject;
} {
  const { stamped_headers: names, stamps } = headers;
  return {
    stampedHeaders: Array.isArray(names) ? names.filter((name) => typeof name === "string") : [],
    stamps: isPlainObject(stamps) ? stamps : {},
  };
}
