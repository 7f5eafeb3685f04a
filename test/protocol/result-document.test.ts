import { describe, expect, test } from "vitest";
import {
  DecodeError,
  describeException,
  exceptionOf,
  isReady,
  parseResultDocument,
  type ResultDocument,
  toResultDocument,
} from "../../protocol/index.ts";
import { vectors } from "../helpers/vectors.ts";

interface ResultVector {
  readonly key: string;
  readonly value: string;
}
const { results } = vectors<{ results: (ResultVector & { name: string })[] }>("results_redis_json");
const recorded = [
  ...results,
  ...vectors<ResultVector[]>("results_intermediate").map((vector) => ({ name: "intermediate", ...vector })),
];

describe("toResultDocument", () => {
  test.each(recorded)("builds $name as Celery stored it: $key", ({ value }) => {
    const original = JSON.parse(value) as ResultDocument;
    const { task_id, status, result, traceback, children, date_done, group_id, parent_id } = original;
    const facts = {
      taskId: task_id,
      state: status,
      result,
      traceback,
      children,
      now: date_done ?? "not a ready state",
      groupId: group_id ?? null,
      parentId: parent_id ?? null,
    };
    expect(JSON.stringify(toResultDocument(facts))).toBe(JSON.stringify(original));
    expect(date_done !== null).toBe(isReady(status));
  });

  test("builds the extended form in Celery's order", () => {
    const { records } = vectors<{ records: { backend: string; value_text: string }[] }>("results_backends");
    const extended = records.filter(
      ({ backend, value_text }) => backend === "redis-json-extended" && value_text.includes('"worker"'),
    );
    expect(extended.length).toBeGreaterThan(3);
    for (const { value_text } of extended) {
      const original = JSON.parse(value_text) as ResultDocument;
      const { task_id, status, result, traceback, children, date_done, group_id, parent_id, ...rest } =
        original;
      const document = toResultDocument({
        taskId: task_id,
        state: status,
        result,
        traceback,
        children,
        now: date_done ?? "",
        groupId: group_id ?? null,
        parentId: parent_id ?? null,
        extended: rest,
      });
      expect(JSON.stringify(document)).toBe(JSON.stringify(original));
    }
  });
});

describe("parseResultDocument", () => {
  test("fills in what old and foreign writers leave out", () => {
    expect(parseResultDocument({ status: "SUCCESS", task_id: "" }, "id")).toEqual({
      task_id: "id",
      status: "SUCCESS",
      result: null,
      traceback: null,
      children: null,
      date_done: null,
    });
    expect(parseResultDocument({ status: "X", task_id: "own", worker: "w" }, "id")).toMatchObject({
      task_id: "own",
      worker: "w",
    });
  });

  test.each([[null], ["text"], [[]], [{}], [{ status: 1 }], [{ result: 1 }]])("refuses %o", (value) => {
    expect(() => parseResultDocument(value, "id")).toThrow(DecodeError);
    expect(() => parseResultDocument(value, "id")).toThrow(expect.objectContaining({ code: "bad_result" }));
  });
});

describe("exceptionOf", () => {
  const failed = (result: unknown): ResultDocument =>
    parseResultDocument({ status: "FAILURE", result }, "id");

  test.each<[result: unknown, described: string]>([
    [
      { exc_type: "ValueError", exc_message: ["bad value", 42], exc_module: "builtins" },
      "ValueError: bad value, 42",
    ],
    [{ exc_type: "KeyError", exc_message: "an old sender" }, "KeyError: an old sender"],
    [
      { exc_type: "SoftTimeLimitExceeded", exc_message: [], exc_module: "billiard.exceptions" },
      "SoftTimeLimitExceeded",
    ],
    [{}, "Exception"],
    ["only text", "Exception: only text"],
    [null, "Exception: null"],
    [{ exc_type: ["os", "system"], exc_message: { a: 1 }, exc_module: 7 }, "Exception: [object Object]"],
    // Data, whatever it says.
    [{ exc_module: "os", exc_type: "system", exc_message: "touch /tmp/x" }, "system: touch /tmp/x"],
    [
      { exc_module: "__proto__", exc_type: "constructor", exc_message: ["return process"] },
      "constructor: return process",
    ],
  ])("of %o", (result, described) => {
    const exception = exceptionOf(failed(result));
    expect(exception && describeException(exception)).toBe(described);
    expect(typeof exception?.exc_module).toBe("string");
  });

  test("is there in exception states only", () => {
    expect(exceptionOf({ ...failed({}), status: "SUCCESS" })).toBeUndefined();
    expect(exceptionOf({ ...failed({}), status: "EVIL" })).toBeUndefined();
    expect(exceptionOf({ ...failed({}), status: "RETRY" })).toBeDefined();
  });
});
