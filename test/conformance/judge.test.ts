import { describe, expect, test } from "vitest";
import {
  type Allowances,
  type Exchange,
  NO_ALLOWANCES,
  type Question,
  type Result,
  verdictOf,
} from "../../conformance/index.ts";
import { suite } from "./parrot.ts";

function vectorOf(id: string, changes: Partial<Question>): Question {
  const vector = suite.vectors.find((one) => one.id === id);
  if (vector === undefined) throw new Error(`There is no vector ${id}.`);
  return { ...vector, ...changes } as Question;
}

async function verdict(
  vector: Question,
  fields: Readonly<Record<string, unknown>>,
  allowances: Partial<Allowances> = {},
): Promise<Result> {
  const exchange: Exchange = {
    command: { cmd: "drain" },
    line: "",
    outcome: { kind: "answer", fields },
    sentAtMs: 0,
    answeredAtMs: 1,
  };
  return await verdictOf(vector, exchange, { ...NO_ALLOWANCES, ...allowances });
}

const ID = "decode.option.defaults";

describe("outcomes", () => {
  const tolerant = vectorOf(ID, {
    expect: [
      { outcome: "reject", as: "ok" },
      { outcome: "accept", as: "nonstrict" },
    ],
  });

  test("a refusal that is right passes", async () => {
    expect(await verdict(tolerant, { accept: false, reason: "no" })).toMatchObject({ status: "pass" });
  });

  test("one that is tolerated warns, and fails strictly", async () => {
    const answer = { accept: true, call: tolerant.view };
    expect(await verdict(tolerant, answer)).toMatchObject({ status: "warn" });
    expect(await verdict(tolerant, answer, { isStrict: true })).toMatchObject({ status: "fail" });
  });
});

describe("requirements", () => {
  const wrong = { accept: false, reason: "no" };

  test.each([
    ["must", false, "fail"],
    ["should", false, "warn"],
    ["should", true, "fail"],
    ["info", true, "info"],
  ] as const)("a %s that is not met, strict %s: %s", async (requirement, isStrict, status) => {
    expect(await verdict(vectorOf(ID, { requirement }), wrong, { isStrict })).toMatchObject({ status });
  });
});

describe("what a call may leave out", () => {
  const vector = vectorOf(ID, {});
  const { view } = vector;

  test("is what is null or empty", async () => {
    const { task, id, args } = view;
    expect(await verdict(vector, { accept: true, call: { task, id, args } })).toMatchObject({
      status: "pass",
    });
  });

  test.each(["task", "id", "args"])("is not %s", async (name) => {
    const { [name]: _, ...call } = view;
    expect(await verdict(vector, { accept: true, call })).toMatchObject({ status: "fail" });
  });

  test("is not what it makes up", async () => {
    const invented = { accept: true, call: { ...view, retries: { $int: "1" } } };
    expect(await verdict(vector, invented)).toMatchObject({ status: "fail", message: "$.retries differs" });
  });

  test("is not a link", async () => {
    const linked = vectorOf("decode.option.link", {});
    const { callbacks: _, ...call } = linked.view;
    expect(await verdict(linked, { accept: true, call })).toMatchObject({ status: "fail" });
  });

  test("may be the microseconds of an eta, not its milliseconds", async () => {
    const late = vectorOf("decode.option.eta", {});
    const at = (eta: string): object => ({ accept: true, call: { ...late.view, eta } });
    expect(await verdict(late, { ...at("2030-01-02T03:04:05.678Z") })).toMatchObject({ status: "pass" });
    expect(await verdict(late, { ...at("2030-01-02T03:04:05Z") })).toMatchObject({ status: "warn" });
    expect(await verdict(late, { ...at("2030-01-02T03:04:04Z") })).toMatchObject({ status: "fail" });
  });

  test("is not the place in a group, even the first", async () => {
    const member = vectorOf("decode.workflow.group2.1", {});
    const { group_index: first, ...call } = member.view;
    expect(first).toEqual({ $int: "0" });
    expect(await verdict(member, { accept: true, call })).toMatchObject({ status: "fail" });
  });
});

describe("values that look like nothing", () => {
  const nothings = [null, false, "", [], {}, { $int: "0" }, { $float: "0.0" }, { $float: "-0.0" }];
  const ids = "null false text-empty list-empty dict-empty int-zero float-minus-zero".split(" ");

  test.each(ids)("%s is no other of them", async (name) => {
    const vector = vectorOf(`decode.value.json.${name}`, {});
    const right = JSON.stringify(vector.view["args"]);
    for (const nothing of nothings) {
      const { status } = await verdict(vector, { accept: true, call: { ...vector.view, args: [nothing] } });
      expect(status, JSON.stringify(nothing)).toBe(JSON.stringify([nothing]) === right ? "pass" : "fail");
    }
  });

  test("are told apart in the arguments of a link", async () => {
    const linked = vectorOf("decode.option.link", {});
    const callbacks = (args: readonly unknown[]): object[] => [{ task: "wire.add", args }];
    const vector = { ...linked, view: { ...linked.view, callbacks: callbacks([{ $int: "0" }]) } } as Question;
    const answer = (args: readonly unknown[]): object => ({ ...linked.view, callbacks: callbacks(args) });
    expect(await verdict(vector, { accept: true, call: answer([{ $int: "0" }]) })).toMatchObject({
      status: "pass",
    });
    expect(await verdict(vector, { accept: true, call: answer([null]) })).toMatchObject({ status: "fail" });
  });
});
