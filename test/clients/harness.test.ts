/** What is found when a client does not do as it should. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compareRun, SCENARIO } from "./compare.ts";
import { featureColumn, withTable } from "./feature-table.ts";
import type { Seen } from "./front.ts";
import { describeTrouble } from "./troubles.ts";

const { steps } = JSON.parse(readFileSync(SCENARIO, "utf8")) as {
  readonly steps: readonly { readonly name: string; readonly save?: string; readonly expect?: unknown }[];
};

/** A run whose answers are what is expected, but for those given. */
function run(answers: Readonly<Record<string, object>> = {}): string {
  const lines = steps.map(({ name, save, expect: wanted, ...step }) => {
    const fails = "fails" in step ? { ...(step.fails as object), ...pointersOf(step.fails) } : undefined;
    const value = JSON.parse(
      JSON.stringify(wanted ?? null).replaceAll(/"any"|"\$(\w+)"/g, '"$1"'),
    ) as unknown;
    const saved = save === undefined ? value : { ...(value as object), id: save };
    return { step: name, ...(fails ?? { value: saved }), ...answers[name] };
  });
  return lines.map((line) => JSON.stringify(line)).join("\n");
}

function pointersOf(fails: unknown): object {
  return JSON.stringify(fails).includes("pointers") ? { pointers: ["/args/0"] } : {};
}

function differences(output: string): readonly string[] {
  return compareRun(output).flatMap(({ name, differences: found }) =>
    found.map((words) => `${name}: ${words}`),
  );
}

describe("the scenario", () => {
  test("a run without a mistake", () => {
    // Steps that send and save nothing have an id all the same.
    const sent = { value: { id: "x", task: "examples.add" } };
    expect(differences(run({ "cut connection": sent }))).toEqual([]);
  });

  test.each([
    ["wait", { value: { state: "SUCCESS", result: 6 } }, "value.result is 6, not 5"],
    ["exact numbers", { value: "1180591620717411300000" }, "value is"],
    ["read", { value: { id: "another", state: "SUCCESS", result: 5 } }, "value.id is"],
    ["bad arguments", { problem: "bad-request" }, 'problem is "bad-request"'],
    ["bad arguments", { pointers: [] }, "pointers is []"],
    ["chain", { value: undefined, broken: "no answer" }, 'no value, but {"broken":"no answer"}'],
    ["stream", { value: { states: ["SUCCESS"], progress: [1, 3], result: { steps: 3 } } }, "value.states is"],
    ["webhook, too old", { value: { valid: true } }, "value.valid is true, not false"],
  ])("%s: %j", (name, answer, words) => {
    expect(differences(run({ [name]: answer })).join("\n")).toContain(`${name}: ${words}`);
  });

  test("a run that ends early, or prints something else", () => {
    expect(differences("")).toHaveLength(steps.length);
    expect(differences(`warning\n${run()}`)[0]).toBe(
      'submit: the line is of the step undefined: {"broken":"warning"}',
    );
  });

  test("progress that is told again after a cut", () => {
    const value = { states: ["PROGRESS", "SUCCESS"], progress: [1, 1, 2, 3], result: { steps: 3 } };
    expect(differences(run({ "stream after a cut": { value } })).join()).not.toContain("stream after a cut");
  });

  test("the table", () => {
    const page = "# Head\n<!-- features -->\n<!-- /features -->\nFoot\n";
    const good = featureColumn(compareRun(run({ batch: { unsupported: true }, wait: { value: {} } })));
    const once = withTable(page, new Map([["Go", good]]));
    expect(once).toMatch(/^\| batch \|[ |]* no \|[ |]*$/m);
    expect(once).toMatch(/^\| wait \|[ |]* fails \|[ |]*$/m);
    // What did not run this time stays as it was.
    expect(withTable(once, new Map())).toBe(once);
  });
});

describe("the proxies", () => {
  const seen = (facts: Partial<Seen>): Seen => ({
    at: "busy",
    method: "POST",
    path: "/v1/tasks",
    key: "1",
    digest: "a",
    lastEventId: undefined,
    arrivedMs: 0,
    did: "refused",
    ...facts,
  });
  const events = { at: "cut", method: "GET", path: "/v1/tasks/1/events", key: undefined } as const;
  const good: readonly Seen[] = [
    seen({}),
    seen({ arrivedMs: 1000 }),
    seen({ arrivedMs: 2100, did: "passed" }),
    seen({ at: "cut", did: "cut" }),
    seen({ at: "cut", did: "passed" }),
    seen({ ...events, did: "cut", lastPassedId: "2" }),
    seen({ ...events, did: "passed", lastEventId: "2" }),
    ...Array.from({ length: 4 }, () => seen({ at: "down" })),
  ];
  const but = (at: number, facts: Partial<Seen>): Seen[] =>
    good.map((one, index) => (index === at ? { ...one, ...facts } : one));

  test("a client without a mistake", () => {
    expect(describeTrouble(good)).toEqual([]);
  });

  test.each([
    ["nothing sent", [], "busy: nothing was sent there"],
    ["no key", but(4, { key: undefined }), "came without an Idempotency-Key"],
    ["another key", but(1, { key: "2" }), "busy: the requests with one key were"],
    ["another body", but(1, { digest: "b" }), "a repeat had another body"],
    ["too early", but(1, { arrivedMs: 900 }), "a repeat came after 900 ms"],
    ["too often", [...good, seen({ at: "down" })], "down: the requests with one key were"],
    ["from the start", but(6, { lastEventId: undefined }), "opened again with Last-Event-ID undefined"],
    ["never again", good.filter((_, index) => index !== 6), "opened again with Last-Event-ID undefined"],
  ])("%s", (_, requests, words) => {
    expect(describeTrouble(requests).join("\n")).toContain(words);
  });
});
