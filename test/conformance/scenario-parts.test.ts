/** Parts of playing and recording scenarios that need no implementation under test. */
import { describe, expect, onTestFinished, test } from "vitest";
import { readyStore } from "../../conformance/record/stores.ts";
import { startRecorder } from "../../conformance/recorder/index.ts";
import { Rig } from "../../conformance/rig/rig.ts";
import { freshen } from "../../conformance/scenario/fresh.ts";
import { type Stage, withNames } from "../../conformance/scenario/stage.ts";
import { perform } from "../../conformance/scenario/steps/index.ts";
import type { Step } from "../../conformance/suite/scenario.ts";
import type { ScenarioVector } from "../../conformance/suite/vector.ts";
import { differences } from "../../conformance/values/compare.ts";

const NOW_MS = Date.UTC(2026, 6, 1, 12);

function scenario(parts: Pick<ScenarioVector, "steps"> & Partial<ScenarioVector>): ScenarioVector {
  return {
    id: "a.scenario",
    since: "0.2.0",
    level: "L2",
    requirement: "must",
    role: "worker",
    command: "scenario",
    worker: "shared",
    features: [],
    spec: [],
    recorded: {},
    applies: {},
    ...parts,
  };
}

describe("freshen", () => {
  const control = (argument: string): Step => ({ do: "control", method: "m", arguments: { argument } });
  const argumentOf = (step: Step | undefined): unknown =>
    step?.do === "control" ? step.arguments?.["argument"] : undefined;

  test("gives two names of one id the same other one", () => {
    const id = "9f0b7f5a-3c1d-4e2f-8a6b-1c2d3e4f5a6b";
    const { ids, steps } = freshen(scenario({ ids: { t1: id, t2: id }, steps: [control(id)] }), NOW_MS);
    expect(ids.get("t1")).not.toBe(id);
    expect(ids.get("t2")).toBe(ids.get("t1"));
    expect(argumentOf(steps[0])).toBe(ids.get("t1"));
  });

  test("keeps the form of an id that is no UUID", () => {
    const { ids } = freshen(scenario({ ids: { t1: "order-2026/ü-0011aabb" }, steps: [control("")] }), NOW_MS);
    expect(ids.get("t1")).toMatch(/^order-2026\/ü-[0-9a-f]{8}$/);
    expect(ids.get("t1")).not.toBe("order-2026/ü-0011aabb");
  });

  test.each([
    ["2026-01-01T05:30:00.000001+05:30", "2026-07-01T17:30:02.000000+05:30"],
    ["2025-12-31T19:00:00-05:00", "2026-07-01T07:00:02-05:00"],
    ["2026-01-01T00:00:00Z", "2026-07-01T12:00:02Z"],
    ["2026-01-01T00:00:00", "2026-07-01T12:00:02"],
  ])("keeps the offset and the digits of the time %s", (recorded, fresh) => {
    const { steps } = freshen(scenario({ times: { [recorded]: 2 }, steps: [control(recorded)] }), NOW_MS);
    expect(argumentOf(steps[0])).toBe(fresh);
  });
});

test("names stand for ids and queues where they are the whole text", () => {
  const stage = { queue: "q-1", ids: new Map([["t1", "id-1"]]) } as unknown as Stage;
  const value = { a: "$t1", b: ["$queue", "$queue.other"], c: "of $t1", d: "$any" };
  expect(withNames(value, stage)).toEqual({
    a: "id-1",
    b: ["q-1", "q-1.other"],
    c: "of $t1",
    d: "$any",
  });
});

test("$any stands for any value, but not for a member that is missing", () => {
  expect(differences(["$any", { a: "$any" }], [{ $int: "1" }, { a: null }])).toEqual([]);
  expect(differences({ a: "$any" }, {})).toHaveLength(1);
});

describe("readyStore", () => {
  test("puts the task's id into a document that a person wrote", () => {
    const ready = readyStore("a.plan", { do: "store", as: "t1", text: '{"task_id": "$id"}' });
    expect(Buffer.from(ready?.step.stored.body_b64 ?? "", "base64").toString()).toBe(
      `{"task_id": "${ready?.id}"}`,
    );
  });

  test("takes the document of a vector", () => {
    const ready = readyStore("a.plan", { do: "store", as: "t1", from: "decode.result.json.success" });
    expect(Buffer.from(ready?.step.stored.body_b64 ?? "", "base64").toString()).toContain(ready?.id);
    expect(() => readyStore("a.plan", { do: "store", as: "t1", from: "encode.option.eta" })).toThrow(
      "a.plan: encode.option.eta is no vector of a stored result.",
    );
  });

  test("leaves calls to the worker", () => {
    expect(readyStore("a.plan", { do: "store", as: "t1", call: { task: "conf.types" } })).toBeUndefined();
  });
});

describe("what a store in Redis tells", () => {
  const document = { status: "RETRY", result: null, traceback: "...", children: [], task_id: "id-1" };
  const stored = { serializer: "json", body_b64: Buffer.from(JSON.stringify(document)).toString("base64") };
  const told = (state: string): Step => ({ do: "told", task: "t1", view: { state } });

  async function stage(): Promise<Stage> {
    const recorder = await startRecorder();
    const rig = new Rig({
      kind: "redis",
      brokerUrl: `${recorder.url}/0`,
      backendUrl: `${recorder.url}/0`,
      close: () => recorder.close(),
    });
    onTestFinished(async () => {
      await rig.close();
      await recorder.close();
    });
    return {
      rig,
      queue: "q-1",
      ids: new Map([["t1", "id-1"]]),
      given: new Map(),
      saved: new Map(),
      timeoutMs: 500,
      peer: undefined,
      worker: undefined,
      gatewayUrl: undefined,
      note: () => undefined,
      see: () => undefined,
    };
  }

  test("is heard from the beginning", async () => {
    const on = await stage();
    await on.rig.hear([told("RETRY")]);
    await perform({ do: "store", as: "t1", stored }, on);
    expect(await perform(told("RETRY"), on)).toEqual([]);
    expect(await perform(told("SUCCESS"), on)).toMatchObject([{ path: "$.state", actual: "RETRY" }]);
    expect(await perform({ ...told("RETRY"), task: "t2" } as Step, on)).toMatchObject([
      { reason: "nothing was published on the channel of t2" },
    ]);
  });

  test("goes by itself", async () => {
    const on = await stage();
    await perform({ do: "store", as: "t1", stored }, on);
    expect(await perform({ do: "expires", task: "t1", seconds: 3600 }, on)).toEqual([]);
    expect(await perform({ do: "expires", task: "t1", seconds: 60 }, on)).toHaveLength(1);
    expect(await perform({ do: "expires", task: "t2", seconds: 60 }, on)).toHaveLength(1);
  });
});
