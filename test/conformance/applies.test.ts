import { expect, test } from "vitest";
import { laterVersion } from "../../conformance/run/applies.ts";

test.each([
  ["5.2.6", ">=5.6.3", "celery >=5.6.3"],
  ["5.6.2", ">=5.6.3", "celery >=5.6.3"],
  ["5.6", ">=5.6.3", "celery >=5.6.3"],
  ["5.6.3", ">=5.6.3", undefined],
  ["5.10.0", ">=5.6.3", undefined],
  ["5.7.0rc1", ">=5.7", undefined],
])("Celery %s and a vector for %s", (version, range, expected) => {
  expect(laterVersion({ name: "celery", version }, { celery: range })).toBe(expected);
});

test("what holds for Celery's versions says nothing of others' versions", () => {
  expect(laterVersion({ name: "gocelery", version: "0.1" }, { celery: ">=5.6.3" })).toBeUndefined();
});
