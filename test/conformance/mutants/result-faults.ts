/** Faults of workers in what they store of a task, and of clients that read it. */
import type { PlainObject, ResultDocument } from "../../../protocol/index.ts";
import type { LiveMutant } from "./live-mutant.ts";

type Change = (document: ResultDocument) => Partial<ResultDocument>;

const document =
  (change: Change) =>
  (stored: ResultDocument): ResultDocument => ({ ...stored, ...change(stored) });

/** In documents of this state only. */
const of =
  (status: string, change: Change) =>
  (stored: ResultDocument): ResultDocument =>
    stored.status === status ? { ...stored, ...change(stored) } : stored;

const notOf =
  (status: string) =>
  (stored: ResultDocument): ResultDocument | undefined =>
    stored.status === status ? undefined : stored;

const error = (change: PlainObject) =>
  of("FAILURE", ({ result }) => ({ result: { ...(result as PlainObject), ...change } }));

export const RESULT_FAULTS: readonly LiveMutant[] = [
  {
    name: "FAILURE is stored as SUCCESS",
    stored: of("FAILURE", () => ({ status: "SUCCESS" })),
    caughtBy: { "work.fail.value-error": "fail $.steps[1].await.state differs: a failure is stored" },
  },
  {
    name: "the class of an error is always Exception",
    stored: error({ exc_type: "Exception" }),
    caughtBy: { "work.fail.value-error": "fail $.steps[1].await.error.type differs: a failure is stored" },
  },
  {
    name: "the module is part of an error's class",
    stored: error({ exc_type: "builtins.ValueError" }),
    caughtBy: { "work.fail.value-error": "fail $.steps[1].await.error.type differs: a failure is stored" },
  },
  {
    name: "the arguments of an error are lost",
    stored: error({ exc_message: [] }),
    caughtBy: { "work.fail.value-error": "fail $.steps[1].await.error.args" },
  },
  {
    name: "exc_message is a text",
    stored: error({ exc_message: "boom" }),
    caughtBy: {
      "work.fail.value-error":
        "warn $.steps[1].await.error.args differs: a failure is stored with the name of its class",
    },
  },
  {
    name: "an error is stored as its text",
    stored: of("FAILURE", () => ({ result: "ValueError: boom" })),
    caughtBy: { "work.fail.value-error": "fail $.steps[1].await" },
  },
  {
    name: "the traceback is lost",
    stored: document(() => ({ traceback: null })),
    caughtBy: {
      "store.failure.traceback": "warn $.steps[1].await.traceback differs: a failure has a traceback",
    },
  },
  {
    name: "children are lost",
    stored: document(() => ({ children: [] })),
    caughtBy: { "store.children": "warn $.steps[1].await.children" },
  },
  {
    name: "REVOKED is not stored",
    stored: notOf("REVOKED"),
    isLoss: true,
    caughtBy: { "work.expires.past": "fail $.steps[1].await differs: a task that has expired is not run" },
  },
  {
    name: "REVOKED is stored as FAILURE",
    stored: of("REVOKED", () => ({ status: "FAILURE" })),
    caughtBy: { "store.revoked": "fail $.steps[1].await.state differs: an expired task has state REVOKED" },
  },
  {
    name: "task_id of a result is another id",
    stored: (stored) => ({
      write: "over everything",
      document: { ...stored, task_id: `${stored.task_id}x` },
    }),
    isLoss: true,
    caughtBy: { "store.success": "fail $.steps[1].await differs: the document has the state" },
  },
  {
    name: "date_done is missing",
    stored: document(() => ({ date_done: null })),
    caughtBy: { "store.date-done": "warn $.steps[1].await.date_done differs: a final document says when" },
  },
  {
    name: "date_done is no time",
    stored: document(() => ({ date_done: "yesterday" })),
    caughtBy: { "store.date-done": "warn $.steps[1].await.date_done differs: a final document says when" },
  },
  {
    name: "results are not published on their channels",
    stored: (stored) => ({ write: "untold", document: stored }),
    isLoss: true,
    caughtBy: {
      "store.told": "fail $.steps[2].told differs: a stored document is published on the channel of its key",
    },
  },
  {
    name: "results are kept for ever",
    stored: (stored) => ({ write: "kept for ever", document: stored }),
    caughtBy: { "store.ttl": "warn $.steps[2].expires differs: a result goes by itself" },
  },
  {
    name: "SUCCESS is overwritten",
    stored: (stored) => ({ write: "over everything", document: stored }),
    caughtBy: { "store.success-stays": "differs: SUCCESS is never overwritten" },
  },
  {
    name: "FAILURE is never overwritten",
    stored: (stored) => (stored.result === "second" ? undefined : stored),
    isLoss: true,
    caughtBy: {
      "store.failure-becomes-success": "differs: FAILURE is overwritten when the task is run again",
    },
  },
  {
    name: "the value is stored as a text",
    stored: of("SUCCESS", ({ result }) => ({ result: JSON.stringify(result) })),
    caughtBy: { "store.value.nested": "fail $.steps[1].await.value differs: the value is stored as it is" },
  },
  {
    name: "null is not stored",
    stored: (stored) => (stored.result === null ? undefined : stored),
    isLoss: true,
    caughtBy: { "work.run.null": "fail $.steps[1].await differs: null is a result as any other" },
  },
  {
    name: "0 is stored as null",
    stored: of("SUCCESS", ({ result }) => ({ result: result === 0 ? null : result })),
    caughtBy: { "store.value.zero": "fail $.steps[1].await.value differs: the value is stored as it is" },
  },
  {
    name: "floats are stored as integers",
    stored: of("SUCCESS", ({ result }) => ({ result: Number(result) })),
    caughtBy: { "work.run.float": "fail $.steps[1].await.value differs: 1.0 stays a float" },
  },
  {
    name: "RETRY is not stored",
    stored: notOf("RETRY"),
    isLoss: true,
    caughtBy: { "work.retry.told": "fail $.steps[2].told.state differs: between tries the state is RETRY" },
  },
  {
    name: "a retry ends the task with FAILURE",
    stored: (stored) =>
      stored.status === "SUCCESS" ? undefined : of("RETRY", () => ({ status: "FAILURE" }))(stored),
    caughtBy: {
      "work.retry.once":
        "fail $.steps[1].await.state differs: a task that retries is sent again, and ends in SUCCESS",
    },
  },
  {
    name: "states of the task's own are not stored",
    stored: notOf("PROGRESS"),
    isLoss: true,
    caughtBy: {
      "store.progress": "fail $.steps[2].told.state differs: the first step is stored with its meta",
    },
  },
  {
    name: "the group of a task is not stored",
    stored: ({ group_id: _, ...rest }) => rest,
    caughtBy: { "store.group-id": "info $.steps[1].await.group_id differs: a member of a group" },
  },
  {
    name: "FAILURE is read as PENDING",
    answered: (answer) => (answer["state"] === "FAILURE" ? { seq: answer["seq"], state: "PENDING" } : answer),
    caughtBy: { "read.failure.built-in": "fail $.steps[1].result.state differs: a failure has the name" },
  },
  {
    name: "any error is read as Exception",
    answered: ({ error, ...answer }) =>
      error === undefined ? answer : { ...answer, error: { ...(error as PlainObject), type: "Exception" } },
    caughtBy: {
      "read.failure.made-up": "fail $.steps[1].result.error.type differs: a class that the reader",
    },
  },
  {
    name: "RETRY is read as FAILURE",
    answered: (answer) =>
      answer["state"] === "PENDING"
        ? { seq: answer["seq"], state: "FAILURE", error: { type: "Retry", message: "" } }
        : answer,
    caughtBy: { "read.retry": "fail $.steps[1].result.state differs: RETRY is not final" },
  },
  {
    name: "null is read as nothing at all",
    answered: (answer) => ("value" in answer ? { ...answer, value: answer["value"] ?? "" } : answer),
    caughtBy: { "read.success.null": "fail $.steps[1].result.value differs: the value comes back" },
  },
];
