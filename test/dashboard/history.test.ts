import { describe, expect, test } from "vitest";
import { type HistoryEvent, historyOf, phasesOf, timeIn } from "../../dashboard/src/lib/history.ts";
import { groupEvents } from "../../dashboard/src/views/task/timeline-groups.ts";

const START_MS = Date.parse("2030-01-01T00:00:00Z");
/** An event so many milliseconds after the start. */
const at = (ms: number, type: string, more: Partial<HistoryEvent> = {}): HistoryEvent => ({
  type,
  at: new Date(START_MS + ms).toISOString(),
  ...more,
});
const timesOf = (events: readonly HistoryEvent[], nowMs = 0): Record<string, number> => {
  const phases = phasesOf(events, START_MS + nowMs);
  return {
    held: timeIn(phases, "held"),
    waited: timeIn(phases, "waiting"),
    ran: timeIn(phases, "running"),
    phases: phases.length,
  };
};

describe("phases", () => {
  test("waiting, then running, then nothing", () => {
    const events = [
      at(0, "accepted"),
      at(5, "published"),
      at(7, "received"),
      at(30, "started"),
      at(100, "succeeded"),
    ];
    expect(timesOf(events, 5000)).toEqual({ held: 0, waited: 30, ran: 70, phases: 2 });
  });

  test("what goes on lasts until now", () => {
    expect(timesOf([at(0, "accepted"), at(10, "started")], 60)).toEqual({
      held: 0,
      waited: 10,
      ran: 50,
      phases: 2,
    });
  });

  test("each try is a phase; messages of the next try that are sent meanwhile end none", () => {
    const events = [
      at(0, "accepted"),
      at(10, "started"),
      at(15, "sent", { retries: 1 }),
      at(16, "received", { retries: 1 }),
      at(20, "retried"),
      at(50, "started"),
      at(80, "succeeded"),
    ];
    expect(timesOf(events)).toEqual({ held: 0, waited: 40, ran: 40, phases: 4 });
  });

  test("a held task is held until it is published", () => {
    const events = [
      at(0, "accepted"),
      at(0, "held"),
      at(40, "published"),
      at(50, "started"),
      at(60, "failed"),
    ];
    expect(timesOf(events)).toEqual({ held: 40, waited: 10, ran: 10, phases: 3 });
  });

  test("without an event of the start, the runtime tells", () => {
    expect(timesOf([at(0, "sent"), at(100, "succeeded", { runtime_s: 0.06 })])).toMatchObject({
      waited: 40,
      ran: 60,
    });
  });

  test("an order to revoke is no end, a revocation is", () => {
    const begun = [at(0, "accepted"), at(10, "started"), at(20, "revoked", { detail: "told" })];
    expect(timesOf(begun, 50)).toMatchObject({ ran: 40 });
    expect(timesOf([...begun, at(30, "revoked", { state: "REVOKED" })], 50)).toMatchObject({ ran: 20 });
  });

  test("clocks that disagree make no negative times", () => {
    expect(timesOf([at(50, "accepted"), at(40, "started"), at(60, "succeeded")])).toMatchObject({
      waited: 0,
    });
  });
});

test("without a history, a task tells when it was accepted and how it ended", () => {
  const task = { id: "i", state: "FAILURE", terminal: true, submitted_at: "2030-01-01T00:00:00Z" };
  const error = { type: "E", module: "m", message: "E: no", args: [] };
  expect(historyOf(task).map(({ type }) => type)).toEqual(["accepted"]);
  const ended = historyOf({ ...task, done_at: "2030-01-01T00:00:01Z", worker: "w", error });
  expect(ended[1]).toEqual({
    type: "failed",
    at: "2030-01-01T00:00:01Z",
    state: "FAILURE",
    worker: "w",
    exception: "E: no",
  });
});

test("steps of progress in a row are one line, the last one", () => {
  const groups = groupEvents([at(0, "started"), at(1, "progress"), at(2, "progress"), at(3, "succeeded")]);
  expect(groups.map(({ event, count }) => [event.type, count])).toEqual([
    ["started", 1],
    ["progress", 2],
    ["succeeded", 1],
  ]);
  expect(groups[1]?.event.at).toBe(at(2, "progress").at);
});
