/**
 * Every way a request can end badly (RFC 9457). The name is the last part of the type URI, and never changes; the gateway
 * serves a page about each at /problems/{name}.
 */

/** What is known of a problem type. */
export interface ProblemType {
  readonly status: number;
  readonly title: string;
  /** What it means and what to do: the page, and the detail when there is nothing more particular to say. */
  readonly text: string;
  /** The type URI where another registry has one; default: /problems/{name}. */
  readonly uri?: string;
  /** Seconds after which the same request may succeed. */
  readonly retryAfterSeconds?: number;
}

export type ProblemName =
  | "bad-request"
  | "bad-json"
  | "bad-unicode"
  | "too-deep"
  | "duplicate-key"
  | "number-range"
  | "forbidden-origin"
  | "not-found"
  | "unknown-task"
  | "unknown-schedule"
  | "unknown-api-key"
  | "unknown-hook"
  | "hook-taken"
  | "too-many-hooks"
  | "method-not-allowed"
  | "not-representable"
  | "unroutable-queue"
  | "task-expired"
  | "payload-too-large"
  | "unsupported-media-type"
  | "misdirected-request"
  | "invalid-arguments"
  | "bad-task-name"
  | "reserved-task"
  | "too-many-tasks"
  | "bad-id"
  | "bad-eta"
  | "reserved-option"
  | "reserved-envelope"
  | "task-failed"
  | "task-revoked"
  | "task-terminal"
  | "already-answered"
  | "schedule-of-app"
  | "too-many-schedules"
  | "unknown-worker"
  | "worker-refused"
  | "control-impossible"
  | "worker-silent"
  | "precondition-failed"
  | "unauthenticated"
  | "bad-signature"
  | "stale-signature"
  | "insufficient-scope"
  | "task-forbidden"
  | "queue-forbidden"
  | "idempotency-key-missing"
  | "idempotency-key-reused"
  | "idempotency-in-progress"
  | "duplicate-task"
  | "task-not-held"
  | "batch-refused"
  | "unknown-task-type"
  | "blocked-address"
  | "precondition-required"
  | "unknown-queue"
  | "unknown-dead-letter"
  | "unknown-replay"
  | "not-replayable"
  | "replay-active"
  | "unknown-endpoint"
  | "unknown-delivery"
  | "too-many-endpoints"
  | "consent-refused"
  | "quota-exceeded"
  | "abnormal-usage-detected"
  | "state-unavailable"
  | "internal-error"
  | "results-disabled"
  | "history-disabled"
  | "chords-impossible"
  | "revoke-impossible"
  | "bad-result"
  | "broker-refused"
  | "broker-unavailable"
  | "result-store-unavailable"
  | "schedules-unavailable"
  | "temporary-reduced-capacity";

/** Name to status, title and meaning: the one place where they are kept. */
export const PROBLEMS: Readonly<Record<ProblemName, ProblemType>> = {
  "bad-request": {
    status: 400,
    title: "Malformed request",
    text: "The request is not proper HTTP: for example it has two Host headers, or a path with a broken percent escape.",
  },
  "bad-json": {
    status: 400,
    title: "The body is not JSON",
    text: "The body must be one JSON value as RFC 8259 defines it: no comments, no trailing commas, no NaN.",
  },
  "bad-unicode": {
    status: 400,
    title: "The body is not well-formed Unicode",
    text: "The body must be UTF-8 without a byte order mark, and no string may hold half of a surrogate pair: a worker in another language could not read it.",
  },
  "too-deep": {
    status: 400,
    title: "The body nests too deep",
    text: "Arrays and objects nest deeper than the limit. Send flatter data, or a reference to it.",
  },
  "duplicate-key": {
    status: 400,
    title: "An object names a key twice",
    text: "JSON parsers disagree about which of the two counts, so the gateway refuses both. Send every key once.",
  },
  "number-range": {
    status: 400,
    title: "A number is out of range",
    text: "A number is beyond the range of a double, or an integer has more than 4300 digits, which Python refuses to read. Integers below that are kept exactly.",
  },
  "forbidden-origin": {
    status: 403,
    title: "Cross-origin request refused",
    text: "A browser sent this from another site's page. Call the gateway from its own pages, or from a server.",
  },
  "not-found": {
    status: 404,
    title: "Nothing is here",
    text: "The gateway has no such path. GET /v1/openapi.json lists the paths it has.",
  },
  "unknown-task": {
    status: 404,
    title: "Unknown task id",
    text: "This gateway did not accept a task of that id, and the result store has nothing under it. Either the id is wrong, or it was accepted so long ago that it is forgotten.",
  },
  "unknown-schedule": {
    status: 404,
    title: "Unknown schedule",
    text: "There is no schedule of this name. GET /v1/schedules lists those that there are.",
  },
  "unknown-hook": {
    status: 404,
    title: "Unknown hook",
    text: "There is no hook of this name. GET /v1/hooks lists those that there are.",
  },
  "hook-taken": {
    status: 409,
    title: "The hook is not yours to change",
    text: "The hook of this name stands in the gateway's own options, or belongs to somebody else. Choose another name.",
  },
  "too-many-hooks": {
    status: 409,
    title: "Too many hooks",
    text: "There are as many hooks as the gateway may make. Remove some first.",
  },
  "unknown-api-key": {
    status: 404,
    title: "Unknown API key",
    text: "There is no API key of this id, or none that you may see. GET /v1/api-keys lists those that there are.",
  },
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    text: "The path exists, but not for this method. The Allow header lists the methods it has.",
  },
  "not-representable": {
    status: 406,
    title: "The result has no JSON form",
    text: "The result holds a value that JSON cannot carry, such as NaN or Infinity. Add ?nan=string to get those as strings.",
  },
  "unroutable-queue": {
    status: 409,
    title: "No queue takes the task",
    text: "The broker has no queue for this task, or the app may not create one of this name. Nothing was sent.",
  },
  "task-expired": {
    status: 410,
    title: "The result is gone",
    text: "The task ended, and the result store has dropped its result since (setting result_expires).",
  },
  "task-terminal": {
    status: 409,
    title: "It has ended",
    text: "Every task of it that is known has ended, so there is nothing left to revoke.",
  },
  "schedule-of-app": {
    status: 409,
    title: "The app's own schedule",
    text: "This schedule stands in the app's code or settings, and cannot be removed from here. It can be paused, or replaced.",
  },
  "too-many-schedules": {
    status: 409,
    title: "Too many schedules",
    text: "There are as many schedules as the gateway may make. Remove some first.",
  },
  "already-answered": {
    status: 409,
    title: "The task has its answer",
    text: "A URL for a later answer takes one. This one has had it, or the task has ended without it.",
  },
  "unknown-worker": {
    status: 404,
    title: "Unknown worker",
    text: "No worker of this name was heard of, and none answers. GET /v1/workers lists those that there are.",
  },
  "worker-refused": {
    status: 409,
    title: "The worker cannot do it",
    text: "The worker answered, and said why it does not do this.",
  },
  "control-impossible": {
    status: 501,
    title: "Workers cannot be asked",
    text: "This broker cannot send one message to all workers, so they can neither be asked nor told anything. RabbitMQ and Redis can.",
  },
  "worker-silent": {
    status: 504,
    title: "The worker does not answer",
    text: "The worker is known, but did not answer in time. It may be gone, or busy, and do it later.",
  },
  "precondition-failed": {
    status: 412,
    title: "It is not what you know",
    text: "If-Match or If-None-Match does not fit what is there now. Read it again, and decide again.",
  },
  "payload-too-large": {
    status: 413,
    title: "The body is too large",
    text: "The body has more bytes than the limit. Put large data into a store, and send a reference to it.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "Unsupported media type",
    text: "The body must be uncompressed JSON: send Content-Type: application/json, in UTF-8, and no Content-Encoding.",
  },
  "misdirected-request": {
    status: 421,
    title: "This is not the host you asked for",
    text: "A gateway without authentication that listens on loopback answers to loopback names only, so that a web page cannot reach it through a name of its own.",
  },
  "invalid-arguments": {
    status: 422,
    title: "The request is not valid",
    text: "The body is JSON, but not a valid request. The member errors lists what is wrong, and where.",
  },
  "bad-task-name": {
    status: 422,
    title: "Not a task name",
    text: "A task name is 1 to 255 letters, digits, underscores and dots, and starts with a letter or an underscore.",
  },
  "reserved-task": {
    status: 422,
    title: "Reserved task name",
    text: "Names that begin with celery. are Celery's own tasks. To run a task over many arguments, or tasks that belong together, send a canvas to POST /v1/workflows.",
  },
  "too-many-tasks": {
    status: 422,
    title: "The workflow is too large",
    text: "The workflow has more tasks, or nests deeper, than the limits allow. Send it in parts, or put many small calls into chunks.",
  },
  "bad-id": {
    status: 422,
    title: "Not a task id",
    text: "A task id is 1 to 155 letters, digits, dots, underscores, colons and dashes.",
  },
  "bad-eta": {
    status: 422,
    title: "Not a usable time",
    text: "Times are RFC 3339 with an offset, such as 2030-01-02T03:04:05Z; a time without one could mean any zone.",
  },
  "reserved-option": {
    status: 422,
    title: "Unknown or reserved option",
    text: "The request has a member that is not an option of it. Message headers, serializers, links and the like are not open to callers over HTTP.",
  },
  "reserved-envelope": {
    status: 422,
    title: "Reserved object in the arguments",
    text: "An object with just the keys __type__ and __value__ is how Celery encodes Python types. A worker would turn it into something else, or fail to read the message, so callers over HTTP may not send it.",
  },
  "task-failed": {
    status: 424,
    title: "The task failed",
    text: "The task ran and ended in FAILURE, so there is no result to return. The member error says why.",
  },
  "task-revoked": {
    status: 424,
    title: "The task was revoked",
    text: "The task was revoked, or expired, before it could return a result.",
  },
  unauthenticated: {
    status: 401,
    title: "Credentials are missing or not valid",
    text: "Send Authorization: Bearer with an API key or a token that this gateway trusts, or sign the request. The gateway's log says what was wrong.",
  },
  "bad-signature": {
    status: 401,
    title: "The signature does not fit",
    text: "The signature is missing, made with another key, or the body is not the one that was signed: sign and send the same bytes. Nothing was done.",
  },
  "stale-signature": {
    status: 401,
    title: "The signature is too old, or too new",
    text: "The time of the signature is too far from the gateway's clock. Sign when you send, and check the clocks.",
  },
  "insufficient-scope": {
    status: 403,
    title: "Not allowed with these credentials",
    text: "The credentials are good, but not for this. The member scope names what they lack.",
  },
  "task-forbidden": {
    status: 403,
    title: "Task not allowed",
    text: "These credentials may not send a task of this name, or there is none.",
  },
  "queue-forbidden": {
    status: 403,
    title: "Queue not allowed",
    text: "These credentials may not use a queue of this name, or there is none.",
  },
  "idempotency-key-missing": {
    status: 400,
    title: "An Idempotency-Key is required",
    text: "This gateway, or this task, asks for the header Idempotency-Key, so that a request that is sent twice runs once.",
  },
  "idempotency-key-reused": {
    status: 422,
    title: "The Idempotency-Key stands for another request",
    text: "The same key came before with another body. Use a new key for each request, and the same one only to repeat it.",
  },
  "idempotency-in-progress": {
    status: 409,
    title: "The first request of this key is still running",
    text: "A request with the same Idempotency-Key has no answer yet. Repeat it shortly to get that answer.",
    retryAfterSeconds: 1,
  },
  "duplicate-task": {
    status: 409,
    title: "The same task was sent before",
    text: "A task with the same dedupe key was accepted within the window, and the mode is reject. The member id names it.",
  },
  "task-not-held": {
    status: 409,
    title: "The task is not held any more",
    text: "Only a task that the gateway holds until its time can get another time. This one is with the broker already, or has ended.",
  },
  "batch-refused": {
    status: 422,
    title: "The batch is refused",
    text: "Prefer: handling=strict was asked for and not every item is good, so nothing was sent. The member items says what is wrong with each.",
  },
  "unknown-task-type": {
    status: 404,
    title: "Unknown task type",
    text: "Nothing is declared for a task of this name. PUT /v1/task-types/{name} declares what it takes.",
  },
  "blocked-address": {
    status: 422,
    title: "The address may not be called",
    text: "The gateway calls public addresses over http and https on ports 80 and 443 only, unless its operator allows others. Redirects are not followed.",
  },
  "precondition-required": {
    status: 428,
    title: "If-Match is required",
    text: "This cannot be undone, so the request must say with If-Match what it is about: read it first, and send its ETag.",
  },
  "unknown-queue": {
    status: 404,
    title: "Unknown queue",
    text: "The app has no queue of this name, or these credentials may not use it. GET /v1/queues lists those that there are; the option queues (--show-queues) adds others.",
  },
  "unknown-dead-letter": {
    status: 404,
    title: "Unknown dead letter",
    text: "The queue has no dead letter of this id: it was sent again or removed, or it is not among the oldest, which are all that is looked at.",
  },
  "unknown-replay": {
    status: 404,
    title: "Unknown replay",
    text: "There is no replay of this id, or it ended more than a day ago.",
  },
  "not-replayable": {
    status: 409,
    title: "It never was a message",
    text: "No envelope could be read around these bytes, so they cannot be sent again as a task. The letter stays.",
  },
  "replay-active": {
    status: 409,
    title: "A replay of this queue is running",
    text: "The dead letters of a queue are sent again by one replay at a time. The member id names it: wait for its end, or cancel it with DELETE.",
  },
  "unknown-endpoint": {
    status: 404,
    title: "Unknown endpoint",
    text: "There is no webhook endpoint of this name. GET /v1/webhook-endpoints lists those that there are.",
  },
  "unknown-delivery": {
    status: 404,
    title: "Unknown delivery",
    text: "There is no delivery of this id: it never was, or it is so old that the log has dropped it.",
  },
  "too-many-endpoints": {
    status: 409,
    title: "Too many endpoints",
    text: "There are as many webhook endpoints as the gateway may keep. Remove some first.",
  },
  "consent-refused": {
    status: 422,
    title: "The endpoint does not want to be called",
    text: "The URL was asked with OPTIONS and WebHook-Request-Origin whether it wants to be called, and did not answer with WebHook-Allowed-Origin. Nothing was changed.",
  },
  "quota-exceeded": {
    status: 429,
    title: "Quota exceeded",
    text: "These credentials have sent as much as they may for now. Retry-After says when they may again.",
    uri: "https://iana.org/assignments/http-problem-types#quota-exceeded",
  },
  "abnormal-usage-detected": {
    status: 429,
    title: "Too many wrong credentials",
    text: "Too many requests with wrong credentials came from this address. Retry-After says when it is asked again.",
    uri: "https://iana.org/assignments/http-problem-types#abnormal-usage-detected",
  },
  "state-unavailable": {
    status: 503,
    title: "The gateway's own store is unavailable",
    text: "The store of what the gateway must remember cannot be reached, so it could not keep its promises. Nothing was sent.",
    retryAfterSeconds: 5,
  },
  "internal-error": {
    status: 500,
    title: "Internal error",
    text: "The gateway failed in a way it does not know. Its log has the details.",
  },
  "results-disabled": {
    status: 501,
    title: "No results are kept",
    text: "This gateway has no result backend, or the task was sent with ignore_result, so nothing can be waited for.",
  },
  "history-disabled": {
    status: 501,
    title: "No history is kept",
    text: "This gateway keeps no history of its tasks, and no statistics: its option history is off.",
  },
  "chords-impossible": {
    status: 501,
    title: "No chords without a shared result store",
    text: "A chord, or a group with a step behind it, needs a result store that all workers read, such as Redis or a database. This gateway has none. Nothing was sent.",
  },
  "revoke-impossible": {
    status: 501,
    title: "Workers cannot be told",
    text: "This broker cannot send one message to all workers, so nobody can be told to leave a task out. RabbitMQ and Redis can.",
  },
  "bad-result": {
    status: 502,
    title: "The stored result cannot be read",
    text: "The result store holds something under this id that is not a result document, or in a format this gateway does not accept.",
  },
  "broker-refused": {
    status: 503,
    title: "The broker refused the task",
    text: "The broker answered and refused: it has no memory or disk left, or the queue exists with other settings. The gateway's log has its words. Nothing was sent.",
    retryAfterSeconds: 5,
  },
  "broker-unavailable": {
    status: 503,
    title: "The broker is unavailable",
    text: "The broker cannot be reached, or did not confirm the task in time. The task may have been sent all the same if the confirmation was lost.",
    retryAfterSeconds: 5,
  },
  "result-store-unavailable": {
    status: 503,
    title: "The result store is unavailable",
    text: "The result store cannot be reached, or did not answer in time.",
    retryAfterSeconds: 5,
  },
  "schedules-unavailable": {
    status: 503,
    title: "The schedules are unavailable",
    text: "The store of schedules cannot be reached, or is not set up. The gateway's log says why.",
    retryAfterSeconds: 5,
  },
  "temporary-reduced-capacity": {
    status: 503,
    title: "Temporarily at capacity",
    text: "The gateway serves as many requests of this kind as it may. Nothing was done; try again shortly.",
    uri: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
    retryAfterSeconds: 1,
  },
};
