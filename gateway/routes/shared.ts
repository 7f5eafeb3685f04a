/** Parts of descriptions that several routes have in common. */
import type { ProblemName } from "../problems.ts";
import type { ParameterSpec, ResponseSpec } from "../route.ts";

export const PREFER: ParameterSpec = {
  name: "Prefer",
  in: "header",
  description:
    "wait=N: wait up to N seconds for the task (RFC 7240). The server caps N and says in Preference-Applied what it took. respond-async: do not wait.",
  schema: { type: "string", examples: ["wait=10"] },
};

export const TRACE: readonly ParameterSpec[] = ["traceparent", "tracestate", "baggage"].map((name) => ({
  name,
  in: "header",
  description: "Trace context, passed on to the task as a message header of the same name.",
  schema: { type: "string" },
}));

export const IDEMPOTENCY_KEY: ParameterSpec = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "A text of your choice, one for each request: who repeats the request with it gets the answer of the first one, with Idempotent-Replayed: true, and nothing is sent twice. Kept for 24 hours.",
  schema: { type: "string", maxLength: 257, examples: ["8e03978e-40d5-43dd-bc93-6894a57f9324"] },
};

export const CALLBACK_URL: ParameterSpec = {
  name: "X-Callback-Url",
  in: "header",
  description: "Short for the member callback with this url; the member goes first.",
  schema: { type: "string" },
};

export const NAN: ParameterSpec = {
  name: "nan",
  in: "query",
  description: "string: NaN and Infinity in results become strings. Otherwise they are 406.",
  schema: { type: "string", enum: ["string"] },
};

export const IF_NONE_MATCH: ParameterSpec = {
  name: "If-None-Match",
  in: "header",
  description:
    "The ETag of the state you know. With Prefer: wait=N the answer comes when the state is another one, or is 304 when it is not within N seconds.",
  schema: { type: "string" },
};

export const IF_MATCH: ParameterSpec = {
  name: "If-Match",
  in: "header",
  description: "The ETag of what you know: nothing is done when it is another one by now.",
  schema: { type: "string" },
};

export const HOOK_PROBLEMS: readonly ProblemName[] = ["state-unavailable"];

export const LAST_EVENT_ID: ParameterSpec = {
  name: "Last-Event-ID",
  in: "header",
  description: "Id of the last event seen; the ids go on after it.",
  schema: { type: "string" },
};

export const ACCEPTED: ResponseSpec = {
  description: "The broker has the task.",
  schema: "TaskAccepted",
  headers: { Location: "Where to ask for the task.", "Preference-Applied": "What was taken of Prefer." },
};

export const FINISHED: ResponseSpec = {
  description:
    "The task has ended within the wait that Prefer asked for; or a task with the same dedupe key is there, and none was sent.",
  schema: "TaskOrDuplicate",
  headers: { Location: "Where to ask for the task.", "Preference-Applied": "What was taken of Prefer." },
};

export const SUBMIT_PROBLEMS: readonly ProblemName[] = [
  "bad-json",
  "bad-unicode",
  "too-deep",
  "duplicate-key",
  "number-range",
  "not-representable",
  "unroutable-queue",
  "payload-too-large",
  "unsupported-media-type",
  "invalid-arguments",
  "bad-task-name",
  "reserved-task",
  "bad-eta",
  "reserved-option",
  "reserved-envelope",
  "task-forbidden",
  "queue-forbidden",
  "idempotency-key-missing",
  "idempotency-key-reused",
  "idempotency-in-progress",
  "duplicate-task",
  "revoke-impossible",
  "blocked-address",
  "unknown-endpoint",
  "results-disabled",
  "broker-refused",
  "broker-unavailable",
  "result-store-unavailable",
  "state-unavailable",
];

export const READ_PROBLEMS: readonly ProblemName[] = [
  "unknown-task",
  "not-representable",
  "task-expired",
  "bad-id",
  "bad-result",
  "result-store-unavailable",
];

export const WORKFLOW_PROBLEMS: readonly ProblemName[] = [
  "unknown-task",
  "not-representable",
  "bad-id",
  "results-disabled",
  "bad-result",
  "result-store-unavailable",
];

export const FLEET_PROBLEMS: readonly ProblemName[] = ["control-impossible", "broker-unavailable"];

export const SCHEDULE_PROBLEMS: readonly ProblemName[] = ["schedules-unavailable"];

/** Of any request with a JSON body. */
export const BODY_PROBLEMS: readonly ProblemName[] = [
  "bad-json",
  "bad-unicode",
  "too-deep",
  "duplicate-key",
  "number-range",
  "payload-too-large",
  "unsupported-media-type",
  "invalid-arguments",
  "reserved-option",
];

export const QUEUE_PROBLEMS: readonly ProblemName[] = [
  "unknown-queue",
  "broker-unavailable",
  "broker-refused",
];
