/** Ledgers made by hand: each thing that may go wrong is noticed, and under its own name. */
import { describe, expect, it } from "vitest";
import { Ledger, type NoteKind, note } from "../../faults/lib/ledger.ts";
import { type Evidence, judge } from "../../faults/lib/verdict.ts";
import { temporaryFolder } from "../helpers/services.ts";

const NOTHING_SPECIAL = { broken: { times: 1, what: "kill -9" }, duplicates: 1 };

/** What tasks noted: each word is a kind and an id, `start:a`. */
async function ledgerOf(accepted: readonly string[], notes: string): Promise<Ledger> {
  const ledger = new Ledger(`${await temporaryFolder()}/ledger`);
  for (const id of accepted) ledger.accepted.add(id);
  for (const word of notes.split(" ").filter((one) => one !== "")) {
    const [kind = "", id = ""] = word.split(":");
    note(ledger.file, kind as NoteKind, id, "1");
  }
  return ledger;
}

/** Two tasks that ran as they should, but for what is given. */
async function evidence(
  notes: string,
  { accepted = ["a", "b"], ...changes }: Partial<Evidence> & { readonly accepted?: readonly string[] } = {},
): Promise<Evidence> {
  return {
    ledger: await ledgerOf(accepted, notes),
    states: new Map(accepted.map((id) => [id, "SUCCESS"])),
    letters: new Set(),
    messages: 0,
    held: new Set(),
    ...changes,
  };
}

const ALL = "start:a end:a start:b end:b";

/** Names of what was exceeded. */
function exceeded(...args: Parameters<typeof judge>): string[] {
  return judge(...args)
    .checks.filter(({ value, limit }) => !(value <= limit))
    .map(({ what }) => what);
}

describe("the verdict on a run", () => {
  it("is a pass when every task has ended once and its success is stored", async () => {
    const verdict = judge(await evidence(ALL), NOTHING_SPECIAL);
    expect(verdict).toMatchObject({ sent: 2, run: 2, lost: 0, duplicates: 0, startedAgain: 0 });
    expect(exceeded(await evidence(ALL), NOTHING_SPECIAL)).toEqual([]);
  });

  it.each([
    ["never started", "start:a end:a"],
    ["started and did not end", "start:a end:a start:b"],
  ])("finds a task that %s", async (_, notes) => {
    const { lost, traces } = judge(await evidence(notes), NOTHING_SPECIAL);
    expect(lost).toBe(1);
    expect(traces).toEqual([expect.stringMatching(/^b \(SUCCESS\): (never started|start by 1 at [\d:.]+)$/)]);
    expect(exceeded(await evidence(notes), NOTHING_SPECIAL)).toEqual(["lost"]);
  });

  it("finds a task whose result is missing, or is no success", async () => {
    for (const state of ["PENDING", "STARTED", "FAILURE"]) {
      const states = new Map(Object.entries({ a: "SUCCESS", b: state }));
      expect(exceeded(await evidence(ALL, { states }), NOTHING_SPECIAL)).toEqual(["lost"]);
    }
  });

  it("does not let an end more of one task stand for the missing one of another", async () => {
    const found = await evidence("start:a end:a end:a start:b");
    expect(judge(found, NOTHING_SPECIAL)).toMatchObject({ lost: 1, duplicates: 1 });
    expect(exceeded(found, NOTHING_SPECIAL)).toEqual(["lost"]);
  });

  it("allows as many duplicates as the fault may cost, and no more", async () => {
    expect(exceeded(await evidence(`${ALL} start:a end:a`), NOTHING_SPECIAL)).toEqual([]);
    const twice = await evidence(`${ALL} start:a end:a start:b end:b`);
    expect(judge(twice, NOTHING_SPECIAL)).toMatchObject({ duplicates: 2, mayRepeat: 1, startedAgain: 2 });
    expect(exceeded(twice, NOTHING_SPECIAL)).toEqual(["duplicates"]);
  });

  it("finds a task that nobody sent", async () => {
    expect(exceeded(await evidence(`${ALL} start:x end:x`), NOTHING_SPECIAL)).toEqual([
      "tasks that nobody sent",
    ]);
  });

  it("finds what the broker has left, and a number that is none", async () => {
    expect(exceeded(await evidence(ALL, { messages: 1 }), NOTHING_SPECIAL)).toEqual([
      "messages left with the broker",
    ]);
    expect(exceeded(await evidence(ALL, { messages: Number.NaN }), NOTHING_SPECIAL)).toEqual([
      "messages left with the broker",
    ]);
    expect(exceeded(await evidence(ALL, { messages: 1 }), { ...NOTHING_SPECIAL, left: 1 })).toEqual([]);
  });

  it("wants a deadly task to be a dead letter with a stored failure", async () => {
    const findings = { ...NOTHING_SPECIAL, dead: ["b"] };
    const notes = "start:a end:a start:b";
    const states = new Map(Object.entries({ a: "SUCCESS", b: "FAILURE" }));
    const letters = new Set(["b"]);
    expect(judge(await evidence(notes, { states, letters }), findings)).toMatchObject({ dead: 1, lost: 0 });
    expect(exceeded(await evidence(notes, { states, letters }), findings)).toEqual([]);
    // Not a dead letter; one without a stored failure.
    expect(exceeded(await evidence(notes, { states }), findings)).toEqual(["lost"]);
    expect(exceeded(await evidence(notes, { letters }), findings)).toEqual([
      "lost",
      "dead letters nobody asked for",
    ]);
  });

  it("wants no dead letter of a good task", async () => {
    expect(exceeded(await evidence(ALL, { letters: new Set(["a"]) }), NOTHING_SPECIAL)).toEqual([
      "dead letters nobody asked for",
    ]);
  });

  it("counts tasks for later as held by their ids, not by the number of messages", async () => {
    const findings = { ...NOTHING_SPECIAL, later: ["b", "c"], left: 1 };
    const options = { accepted: ["a", "b", "c"], messages: 2 };
    const both = await evidence("start:a end:a", { ...options, held: new Set(["b", "c"]) });
    expect(judge(both, findings)).toMatchObject({ run: 1, held: 2, lost: 0 });
    expect(exceeded(both, findings)).toEqual([]);
    // Two messages, both of one task.
    const one = await evidence("start:a end:a", { ...options, held: new Set(["b"]) });
    expect(judge(one, findings)).toMatchObject({ held: 1, lost: 1 });
    expect(exceeded(one, findings)).toEqual(["lost"]);
  });

  it("does not count against us what a Python worker was seen to lose", async () => {
    const found = await evidence("start:a end:a");
    expect(judge(found, { ...NOTHING_SPECIAL, lostByPython: ["b"] }).lost).toBe(0);
    // Nor does that excuse another.
    expect(judge(found, { ...NOTHING_SPECIAL, lostByPython: ["x"] }).lost).toBe(1);
  });

  it("does not count as lost what the broker has forgotten and the gateway says so of", async () => {
    const found = await evidence("start:a end:a");
    expect(judge(found, { ...NOTHING_SPECIAL, reportedLost: ["b"] })).toMatchObject({ run: 1, lost: 0 });
    expect(judge(found, { ...NOTHING_SPECIAL, reportedLost: ["a"] }).lost).toBe(1);
  });

  it("compares what the row itself has measured, and how long it took to recover", async () => {
    const slow = { ...NOTHING_SPECIAL, recovery: { seconds: 3, limit: 2 } };
    expect(exceeded(await evidence(ALL), slow)).toEqual(["seconds to recover"]);
    const never = { ...NOTHING_SPECIAL, recovery: { seconds: Number.POSITIVE_INFINITY, limit: 2 } };
    expect(exceeded(await evidence(ALL), never)).toEqual(["seconds to recover"]);
    const large = { ...NOTHING_SPECIAL, checks: [{ what: "MB more", value: 65, limit: 64 }] };
    expect(exceeded(await evidence(ALL), large)).toEqual(["MB more"]);
  });
});
