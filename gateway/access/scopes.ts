/** What each scope allows. */
import type { Scope } from "./caller.ts";

/** Scope to what it is for; `admin` is all of them. */
export const SCOPES: Readonly<Record<Scope, string>> = {
  "tasks:submit": "send tasks",
  "tasks:read": "read tasks, workflows and their results, and follow them",
  "tasks:cancel": "revoke tasks and workflows",
  "tasks:arguments": "see the arguments of tasks in their history",
  "results:traceback": "see the tracebacks of failed tasks",
  workflows: "send workflows",
  "schedules:read": "read schedules",
  "schedules:write": "make, change, pause, trigger and remove schedules",
  "queues:read": "read the state of queues",
  "queues:write": "pause and resume queues",
  "queues:purge": "remove all messages of a queue",
  "workers:read": "read what workers do",
  "workers:control": "tell workers what to do",
  "dead-letters:read": "read dead letters",
  "dead-letters:write": "replay and discard dead letters",
  "task-types:write": "declare what tasks take",
  webhooks: "manage webhooks",
  "python-types": "send values that a worker turns into Python types",
  metrics: "read the gateway's metrics",
  admin: "everything, API keys included",
};

/** Of a credential that names none. */
export const ORDINARY_SCOPES: readonly Scope[] = ["tasks:submit", "tasks:read", "tasks:cancel", "workflows"];

export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text);
}
