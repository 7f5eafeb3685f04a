/** Answers and ledgers made by hand: each thing that a gateway may do wrong is noticed, and under its own name. */
import { appendFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Answer,
  checkAnswers,
  checkRefusals,
  isUnconfirmed,
  percentile,
  refusedIn,
  secondsToAccept,
} from "../../faults/lib/answers.ts";
import type { Check } from "../../faults/lib/fault.ts";
import { Ledger, type NoteKind } from "../../faults/lib/ledger.ts";
import { repeatedLate } from "../../faults/rows/f7-broker-killed.ts";
import { checkTold } from "../../faults/rows/f10-redis-emptied.ts";
import { checkEarly, checkReads } from "../../faults/rows/f24-results-away.ts";
import { checkHeld, checkRounds } from "../../faults/rows/g1-gateway-dies.ts";
import { temporaryFolder } from "../helpers/services.ts";

const exceeded = (checks: readonly Check[]): string[] =>
  checks.filter(({ value, limit }) => !(value <= limit)).map(({ what }) => what);

/** An answer after 100 ms. */
function answer(changes: Partial<Answer> & Pick<Answer, "status">, sentAtMs = 1000): Answer {
  return { key: "k", sentAtMs, answeredAtMs: sentAtMs + 100, ...changes };
}

const refusal = (sentAtMs?: number, changes: Partial<Answer> = {}): Answer =>
  answer({ status: 503, problem: "broker-unavailable", ...changes }, sentAtMs);

/** Notes at given times. */
async function ledgerOf(notes: readonly (readonly [NoteKind, string, number])[]): Promise<Ledger> {
  const ledger = new Ledger(`${await temporaryFolder()}/ledger`);
  for (const [kind, id, atMs] of notes) appendFileSync(ledger.file, `${kind} ${id} 1 ${atMs}\n`);
  return ledger;
}

describe("answers of gateways", () => {
  it("are fine when a key has one task, however often it was asked for", () => {
    const answers = [answer({ status: 0 }), answer({ status: 409 }), refusal(), answer({ status: 429 })];
    expect(
      exceeded(checkAnswers([...answers, ...[1, 2].map(() => answer({ status: 202, id: "a" }))])),
    ).toEqual([]);
  });

  it("are not when a key has two tasks, or two keys have one", () => {
    const [a, b] = [answer({ status: 202, id: "a" }), answer({ status: 202, id: "b" })];
    expect(exceeded(checkAnswers([a, b]))).toEqual(["Idempotency-Keys with two tasks"]);
    expect(exceeded(checkAnswers([a, { ...a, key: "other" }]))).toEqual(["tasks of two Idempotency-Keys"]);
  });

  it("are not when a good request is an error", () => {
    const wrong = [answer({ status: 500, problem: "internal-error" }), answer({ status: 404 })];
    expect(exceeded(checkAnswers(wrong))).toEqual(["answers that must not be (500 internal-error, 404)"]);
  });
});

describe("answers while the broker takes nothing", () => {
  const period = { fromMs: 1000, toMs: 20_000 };

  it("are refusals that come in time", () => {
    expect(
      exceeded(checkRefusals([refusal(), refusal(2000, { problem: "broker-refused" })], period)),
    ).toEqual([]);
    // What was asked before, or shortly before the end, may be answered otherwise.
    const others = [answer({ status: 202 }, 900), answer({ status: 202, answeredAtMs: 20_100 }, 19_000)];
    expect(exceeded(checkRefusals([refusal(), ...others], period))).toEqual([]);
  });

  it.each([
    ["accepted while the broker took nothing", answer({ status: 202, id: "a" })],
    ["answers that do not say what is wrong (0)", answer({ status: 0 })],
    [
      "answers that do not say what is wrong (503 state-unavailable)",
      refusal(2000, { problem: "state-unavailable" }),
    ],
    ["seconds to the slowest refusal", refusal(2000, { answeredAtMs: 10_000 })],
    ["seconds to the slowest refusal", refusal(2000, { answeredAtMs: 25_000 })],
  ])("are noticed otherwise: %s", (what, wrong) => {
    expect(exceeded(checkRefusals([refusal(), wrong], period))).toEqual([what]);
  });

  it("must have been asked for", () => {
    expect(exceeded(checkRefusals([], period))).toEqual(["missing refusals"]);
  });

  it("are counted, with those that were under way", () => {
    const answers = [
      refusal(500, { answeredAtMs: 1100 }),
      refusal(2000),
      refusal(30_000),
      answer({ status: 202 }),
    ];
    expect(refusedIn(answers, period)).toHaveLength(2);
    expect([refusal(), refusal(1000, { problem: "broker-refused" })].map(isUnconfirmed)).toEqual([
      true,
      false,
    ]);
  });
});

describe("times of answers", () => {
  it("are those of what came after the moment", () => {
    const answers = [answer({ status: 202 }, 1000), refusal(5000), answer({ status: 202 }, 6900)];
    expect(secondsToAccept(answers, 5000)).toBe(2);
    expect(secondsToAccept(answers, 9000)).toBe(Number.POSITIVE_INFINITY);
  });

  it("of 99 in 100 leave out the slowest one", () => {
    const durations = Array.from({ length: 100 }, (_, at) => at + 1);
    expect(percentile(durations, 99)).toBe(99);
    expect(percentile(durations, 50)).toBe(50);
    expect(percentile([7], 99)).toBe(7);
    expect(percentile([], 99)).toBe(0);
  });
});

describe("what the rows find", () => {
  it("F7: a task that was done long before the kill, and runs again", async () => {
    const notes = [
      ["end", "old", 1000],
      ["end", "young", 9000],
      ["end", "young", 11_000],
    ] as const;
    const broken = { fromMs: 10_000, toMs: 10_500 };
    expect(repeatedLate(await ledgerOf(notes), { broken }).value).toBe(0);
    expect(repeatedLate(await ledgerOf([...notes, ["end", "old", 12_000]]), { broken }).value).toBe(1);
  });

  it("F10: a task of which nothing is told, one told late, and one told to be lost that ran", () => {
    const fine = { lost: ["a"], untold: [], seconds: 46 };
    expect(exceeded(checkTold(new Set("b"), fine))).toEqual([]);
    expect(exceeded(checkTold(new Set("b"), { ...fine, untold: ["c"] }))).toEqual([
      "tasks of which nothing is told",
    ]);
    expect(exceeded(checkTold(new Set("b"), { ...fine, seconds: 61 }))).toEqual([
      "seconds until the last one was told",
    ]);
    expect(exceeded(checkTold(new Set("a"), fine))).toEqual(["told to be lost though they ran"]);
  });

  it("F24: a message let go without a result, and an answer that knows more than anybody can", async () => {
    const ledger = await ledgerOf([
      ["end", "a", 1000],
      ["end", "b", 3000],
    ]);
    for (const id of ["a", "b", "c"]) ledger.accepted.add(id);
    expect(exceeded([checkEarly(ledger, { atMs: 2000, held: 2 })])).toEqual([]);
    expect(exceeded([checkEarly(ledger, { atMs: 2000, held: 1 })])).toHaveLength(1);
    const period = { fromMs: 1000, toMs: 9000 };
    const read = { status: 503, askedAtMs: 2000, answeredAtMs: 3000 };
    expect(exceeded(checkReads([read], period))).toEqual([]);
    expect(exceeded(checkReads([read, { ...read, status: 404 }], period))).toEqual([
      "answers that are not 503 (404)",
    ]);
    expect(exceeded(checkReads([], period))).toEqual(["missing answers"]);
  });

  it("G1: other ids for the same batch, a stream without its end, and held tasks sent again and again", () => {
    const followed = { events: ["state", "state", "result", "end"], cuts: 1 };
    const round = { batch: ["a", "b"], again: ["a", "b"], held: [], followed };
    expect(exceeded(checkRounds([round]))).toEqual([]);
    expect(exceeded(checkRounds([{ ...round, again: ["b", "a"] }]))).toEqual([
      "batches with other ids when repeated",
    ]);
    for (const events of [["state"], ["state", "end"], ["result", "end"], [...followed.events, "end"]]) {
      const odd = { ...round, followed: { events, cuts: 0 } };
      expect(exceeded(checkRounds([odd]))).toEqual(["event streams that miss something"]);
    }
    const starts = ["a", "b", "x", "x", "a"].map((id) => ({ id }));
    expect(exceeded([checkHeld(["a", "b"], starts, 1)])).toEqual([]);
    expect(exceeded([checkHeld(["a", "b"], [...starts, { id: "b" }], 1)])).toEqual(["held tasks sent twice"]);
  });
});
