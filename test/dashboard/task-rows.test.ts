import { describe, expect, test } from "vitest";
import type { TaskSummary } from "../../dashboard/src/lib/task.ts";
import { fitsState, readFilter, streamParams } from "../../dashboard/src/views/tasks/filter.ts";
import { addedOnTop, withChanges, withPage } from "../../dashboard/src/views/tasks/task-rows.ts";

/** `c3`: task c, sent at 3. */
const task = (name: string, state = "PENDING"): TaskSummary => ({
  id: name.charAt(0),
  task: "t",
  state,
  terminal: false,
  submitted_at: `2030-01-01T00:00:0${name.charAt(1)}Z`,
});
const list = (...names: readonly string[]): TaskSummary[] => names.map((name) => task(name));
const changes = (...tasks: readonly TaskSummary[]): ReadonlyMap<string, TaskSummary> =>
  new Map(tasks.map((one) => [one.id, one]));
const idsOf = (rows: readonly TaskSummary[]): string => rows.map(({ id }) => id).join("");
const all = (): boolean => true;

describe("rows", () => {
  test("of the next page come at the end, each once", () => {
    expect(idsOf(withPage(list("c3", "b2"), list("b2", "a1")))).toBe("cba");
  });

  test("that changed stay in place, new ones come by their time", () => {
    const rows = withChanges(
      list("e5", "c3", "a1"),
      changes(task("c3", "SUCCESS"), task("d4"), task("f6")),
      all,
      false,
    );
    expect(idsOf(rows)).toBe("fedca");
    expect(rows[3]?.state).toBe("SUCCESS");
  });

  test("that do not fit any more go", () => {
    const filter = { state: "PENDING" };
    const rows = withChanges(
      list("b2", "a1"),
      changes(task("b2", "SUCCESS"), task("c3", "FAILURE")),
      (one) => fitsState(filter, one),
      false,
    );
    expect(idsOf(rows)).toBe("a");
  });

  test("older than what was read come with their page only", () => {
    expect(idsOf(withChanges(list("c3", "b2"), changes(task("a1")), all, true))).toBe("cb");
    expect(idsOf(withChanges(list("c3", "b2"), changes(task("a1")), all, false))).toBe("cba");
    expect(idsOf(withChanges([], changes(task("a1")), all, false))).toBe("a");
  });

  test("that came on top are counted", () => {
    expect(addedOnTop(list("b2", "a1"), list("d4", "c3", "b2", "a1"))).toBe(2);
    expect(addedOnTop([], list("a1"))).toBe(0);
    expect(addedOnTop(list("b2"), list("a1"))).toBe(0);
  });
});

describe("the filter", () => {
  test("is what the address says, without what is too short or unknown", () => {
    const query = new URLSearchParams("q=a&state=FAILURE&queue=%20&tag=nightly&other=1");
    expect(readFilter(query)).toEqual({ state: "FAILURE", tag: "nightly" });
    expect(readFilter(new URLSearchParams("q=ab"))).toEqual({ q: "ab" });
  });

  test("asks the stream for all states, so that tasks can leave the list", () => {
    expect(streamParams({ q: "ab", state: "FAILURE" })).toEqual({ q: "ab" });
  });
});
