import { expect, it } from "vitest";
import { readPreference } from "../../gateway/prefer.ts";

it.each([
  [undefined, 0, undefined],
  ["wait=10", 10, "wait=10"],
  ["wait=600", 60, "wait=60"],
  ["WAIT = 5", 5, "wait=5"],
  ['wait="7"', 7, "wait=7"],
  ["wait=0", 0, "wait=0"],
  ["respond-async", 0, "respond-async"],
  ["respond-async, wait=10", 10, "wait=10"],
  ["return=minimal; foo=bar, wait=3; x=y", 3, "wait=3"],
  ["wait=1, wait=2", 1, "wait=1"],
  ["wait=-1", 0, undefined],
  ["wait=1.5", 0, undefined],
  ["wait=99999999999999999999", 0, undefined],
  ["await=5", 0, undefined],
])("reads %s", (header, waitSeconds, applied) => {
  expect(readPreference(header, 60)).toEqual({ waitSeconds, applied });
});

it("reads several headers as one", () => {
  expect(readPreference(["respond-async", "wait=4"], 60)).toEqual({ waitSeconds: 4, applied: "wait=4" });
});
