import { expect, test } from "vitest";
import { explainError, explainState, toneOf } from "../../dashboard/src/lib/states.ts";
import { fullTime } from "../../dashboard/src/lib/time.ts";

const OF_ITS_OWN = explainState({ state: "UPLOADING" });

test.each([
  ["SCHEDULED", "waiting"],
  ["PENDING", "waiting"],
  ["LOST", "bad"],
  ["RETRY", "retrying"],
  ["REVOKED", "gone"],
])("%s has words and a colour of its own", (state, tone) => {
  expect(explainState({ state })).not.toBe(OF_ITS_OWN);
  expect(toneOf(state)).toBe(tone);
});

test("a task that is held says until when", () => {
  const eta = "2099-01-01T00:00:00Z";
  expect(fullTime(eta)).toMatch("99");
  expect(explainState({ state: "SCHEDULED", eta })).toContain(fullTime(eta));
});

test.each(["constructor", "__proto__", "toString"])("%s is a state and an error of a task's own", (name) => {
  expect(toneOf(name)).toBe("running");
  expect(explainState({ state: name })).toBe(OF_ITS_OWN);
  expect(explainError(name)).toMatch("The code of the task");
});
