import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isException,
  isPropagated,
  isReady,
  mayReplace,
  precedence,
  STATE_PRECEDENCE,
} from "../../protocol/index.ts";

// celery/states.py of 5.7.
describe("states", () => {
  test.each<[state: string, ready: boolean, exception: boolean, propagated: boolean]>([
    ["SUCCESS", true, false, false],
    ["FAILURE", true, true, true],
    ["REVOKED", true, true, true],
    ["RETRY", false, true, false],
    ["STARTED", false, false, false],
    ["RECEIVED", false, false, false],
    ["REJECTED", false, false, false],
    ["PENDING", false, false, false],
    ["PROGRESS", false, false, false],
    ["success", false, false, false],
  ])("%s: ready %s, exception %s, propagated %s", (state, ready, exception, propagated) => {
    expect([isReady(state), isException(state), isPropagated(state)]).toEqual([ready, exception, propagated]);
  });

  test("rank as Celery's, with all custom states in one place", () => {
    const ranked = [
      "SUCCESS",
      "FAILURE",
      "PROGRESS",
      "REVOKED",
      "STARTED",
      "RECEIVED",
      "REJECTED",
      "RETRY",
      "PENDING",
    ];
    expect(ranked.map(precedence)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(precedence("MINE")).toBe(precedence("PROGRESS"));
    expect(precedence("null")).toBe(precedence("MINE"));
  });

  test("only RETRY may go back", () => {
    expect(mayReplace("STARTED", "SUCCESS")).toBe(true);
    expect(mayReplace("SUCCESS", "STARTED")).toBe(false);
    expect(mayReplace("STARTED", "RETRY")).toBe(true);
    expect(mayReplace("RETRY", "RECEIVED")).toBe(true);
    const state = fc.oneof(fc.constantFrom(...STATE_PRECEDENCE.filter((name) => name !== null)), fc.string());
    fc.assert(
      fc.property(state, state, (left, right) => {
        // Whatever the order of arrival, both agree on which one stays, unless one is RETRY or they rank alike.
        const isRetry = left === "RETRY" || right === "RETRY";
        const isTie = precedence(left) === precedence(right);
        expect(mayReplace(left, right) && mayReplace(right, left)).toBe(isRetry || isTie);
      }),
    );
  });
});
