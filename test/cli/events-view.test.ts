/** The monitor's screen and keys, without a terminal. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClusterEvent, ClusterState } from "../../app/index.ts";
import { fitColumns, wrap } from "../../cli/events/columns.ts";
import { pressKey } from "../../cli/events/keys.ts";
import { type Model, renderScreen } from "../../cli/events/view.ts";
import { plainText } from "../../cli/plain-text.ts";

const NOW = 1_790_000_000;

function event(type: string, more: Readonly<Record<string, unknown>> = {}): ClusterEvent {
  return { type, hostname: "w1@here", timestamp: NOW, local_received: NOW, clock: 1, ...more };
}

function modelOf(events: readonly ClusterEvent[], more: Partial<Model> = {}): Model {
  const state = new ClusterState();
  for (const one of events) state.event(one);
  const broker = "redis://localhost/0";
  return { state, broker, page: "tasks", selected: undefined, isAsking: false, notice: "", ...more };
}

const TASKS = ["a", "b", "c"].map((uuid, at) =>
  event("task-received", { uuid, name: `shop.${uuid}`, clock: at + 1, args: "(1,)" }),
);
// biome-ignore lint/suspicious/noControlCharactersInRegex: what the screen is made with.
const STYLES = /\x1b\[\d+m/g;

function show(model: Model, columns = 100, rows = 12, hasColor = false): readonly string[] {
  return renderScreen(model, { columns, rows, hasColor }, NOW);
}

function plainly(lines: readonly string[]): string {
  return lines.map((line) => line.replace(STYLES, "").trimEnd()).join("\n");
}

describe("the screen", () => {
  test("lists tasks, the latest first, and who is online", () => {
    const model = modelOf([
      ...TASKS,
      event("task-succeeded", { uuid: "b", clock: 9, runtime: 1.25, result: "5" }),
      event("worker-heartbeat", {
        active: 1,
        processed: 7,
        loadavg: [1, 2, 3],
        sw_ident: "celerity",
        sw_ver: "1",
      }),
    ]);
    const text = plainly(show(model));
    expect(text.split("\n")[0]).toMatch(/^celerity events .* events 5 {2}tasks 3 {2}workers 1\/1 {2}redis:/);
    expect(text).toMatch(
      /b +shop\.b +w1@here +\d\d:\d\d:\d\d SUCCESS +1\.250s\nc +shop\.c .* RECEIVED\na +shop\.a/,
    );
    expect(text).toMatch(/Online: w1@here\n\nj\/k move/);
    const workers = plainly(show({ ...model, page: "workers" }));
    expect(workers).toMatch(/w1@here +online +1 +7 +1\.00 2\.00 3\.00 +celerity 1/);
  });

  test("shows everything of one task", () => {
    const model = modelOf([
      ...TASKS,
      event("task-failed", { uuid: "a", exception: "ValueError('x')", note: 5 }),
    ]);
    const text = plainly(show({ ...model, page: "task", selected: "a" }, 100, 40));
    for (const line of ["uuid: a", "state: FAILURE", "args: (1,)", "exception: ValueError('x')", "note: 5"])
      expect(text.split("\n")).toContain(line);
    expect(plainly(show({ ...model, page: "task", selected: "gone" }))).toContain("not known any more");
  });

  test("has colours where they are wanted, and marks the selected task", () => {
    const model = modelOf([
      event("task-failed", { uuid: "a" }),
      event("task-started", { uuid: "b", clock: 2 }),
    ]);
    expect(show(model, 80, 12, true).join("")).toContain("\x1b[31ma ");
    expect(show(model, 80, 12, false).join("")).not.toContain("\x1b[31m");
    expect(show({ ...model, selected: "a" }, 80, 12, true).join("")).toContain("\x1b[7ma ");
  });

  test("keeps the selected task in sight", () => {
    const many = Array.from({ length: 100 }, (_, at) =>
      event("task-received", { uuid: `id${at}`, name: "n", clock: at + 1 }),
    );
    for (const selected of ["id0", "id50", "id99"])
      expect(plainly(show(modelOf(many, { selected })))).toContain(`${selected} `);
  });

  test.each(["tasks", "workers", "task"] as const)(
    "of %s fits a terminal of any size, and obeys nobody",
    (page) => {
      const anything = fc.string({ unit: "binary", maxLength: 60 });
      const nasty = fc.oneof(
        anything,
        fc.constantFrom("\x1b[2J\x1b[H", "\u009b31m", "\r\n\t\b", "日本語テスト", "👩‍👩‍👧‍👦", "\u202eabc"),
      );
      fc.assert(
        fc.property(
          nasty,
          nasty,
          fc.nat(120),
          fc.nat(30),
          fc.boolean(),
          (one, other, columns, rows, isAsking) => {
            const events = [
              event("task-received", { uuid: one, name: other, args: one, note: other, hostname: other }),
              event("worker-heartbeat", { hostname: one, sw_ident: other }),
            ];
            const lines = show(
              modelOf(events, { page, selected: one, isAsking, notice: other }),
              columns,
              rows,
              true,
            );
            expect(lines.length).toBeLessThanOrEqual(rows);
            for (const line of lines) {
              const bare = line.replace(STYLES, "");
              expect(plainText(bare)).toBe(bare);
              expect(fitColumns(bare, columns).trimEnd()).toBe(bare.trimEnd());
            }
          },
        ),
      );
    },
  );
});

describe("columns", () => {
  test.each([
    ["abc", 5, "abc  "],
    ["abcdef", 4, "abc…"],
    ["日本語", 6, "日本語"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日… "],
    ["e\u0301e\u0301", 3, "e\u0301e\u0301 "],
    ["abc", 0, ""],
    ["", 2, "  "],
  ])("%j in %i", (text, columns, expected) => {
    expect(fitColumns(text, columns)).toBe(expected);
  });

  test("long text is broken", () => {
    expect(wrap("abcdefg", 3)).toEqual(["abc", "def", "g"]);
    expect(wrap("日本語", 4)).toEqual(["日本", "語"]);
  });
});

describe("keys", () => {
  const model = modelOf(TASKS);
  const press = (from: Model, ...keys: readonly string[]): ReturnType<typeof pressKey> =>
    keys.reduce<ReturnType<typeof pressKey>>((result, key) => pressKey(result.model, key), { model: from });

  test("move the selection, and stay at the ends", () => {
    expect(press(model, "j").model.selected).toBe("c");
    expect(press(model, "j", "down", "up", "j").model.selected).toBe("b");
    expect(press(model, "j", "pagedown", "j").model.selected).toBe("a");
    expect(press(model, "end", "end", "home").model.selected).toBe("c");
    expect(press(modelOf([]), "j").model.selected).toBeUndefined();
  });

  test("turn pages", () => {
    expect(press(model, "return").model.page).toBe("tasks");
    expect(press(model, "j", "return").model.page).toBe("task");
    expect(press(model, "j", "i", "escape").model.page).toBe("tasks");
    expect(press(model, "w").model.page).toBe("workers");
    expect(press(model, "w", "w").model.page).toBe("tasks");
  });

  test("revoke only what was asked about", () => {
    expect(press(model, "c").model.isAsking).toBe(false);
    expect(press(model, "j", "c").model.isAsking).toBe(true);
    expect(press(model, "j", "c", "q")).toMatchObject({ model: { isAsking: false } });
    expect(press(model, "j", "c", "q").action).toBeUndefined();
    expect(press(model, "j", "c", "y").action).toEqual({ kind: "revoke", uuid: "c", terminate: false });
    expect(press(model, "j", "c", "t").action).toEqual({ kind: "revoke", uuid: "c", terminate: true });
    expect(press(model, "y").action).toBeUndefined();
  });

  test("quit", () => {
    expect(press(model, "q").action).toEqual({ kind: "quit" });
    expect(press(model, "j", "c", "ctrl+c").action).toEqual({ kind: "quit" });
    expect(press(model, "constructor").model).toEqual(model);
  });
});
