/** What scenarios of signed messages and of the gateway need of the program that records and plays them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadSuite, type ScenarioVector } from "../../conformance/index.ts";
import { changed } from "../../conformance/record/change.ts";
import { Rig } from "../../conformance/rig/rig.ts";
import type { Stage } from "../../conformance/scenario/stage.ts";
import { http } from "../../conformance/scenario/steps/http.ts";
import { canaryWire } from "../../conformance/scenario/steps/results.ts";

const SEPARATOR = "\x00\x01";

/** A message whose frame has these parts. */
function framed(...parts: readonly string[]) {
  const frame = Buffer.from(parts.join(SEPARATOR), "latin1").toString("base64");
  return { properties: {}, headers: { id: "id-1" }, body_b64: Buffer.from(frame).toString("base64") };
}

describe("a signed message", () => {
  const wire = framed("me", "\xff\x00", "application/json", "utf-8", "[2, 3]");
  const other = framed("you", "\x80", "application/json", "utf-8", "[4]");

  test("has parts of its frame changed, byte for byte", () => {
    const change = {
      signer: { text: "" },
      signature: { other: true },
      body: { replace: ["2, ", ""] },
    } as const;
    expect(changed(wire, { frame: change }, other)).toEqual(
      framed("", "\x80", "application/json", "utf-8", "[3]"),
    );
    expect(changed(wire, { frame: {} })).toEqual(wire);
  });

  test("is cut", () => {
    expect(changed(wire, { body_cut: 3 })).toMatchObject({ body_b64: wire.body_b64.slice(0, 4) });
  });

  test("is a canary with another id each time, and the same body", () => {
    expect(canaryWire("id-2", wire)).toEqual({ ...wire, headers: { id: "id-2" } });
  });
});

test("scenarios that share an environment have a canary that it takes", () => {
  const scenarios = loadSuite().vectors.filter(
    (vector): vector is ScenarioVector =>
      vector.command === "scenario" && vector.env?.["CONF_SECURITY_KEY"] !== undefined,
  );
  expect(scenarios.length).toBeGreaterThan(20);
  expect(scenarios.filter(({ canary }) => canary?.properties["content_type"] !== "application/data")).toEqual(
    [],
  );
});

describe("a request to a gateway", () => {
  /** Answers with the request: its body, as JSON, and an id. */
  async function stage(): Promise<Stage> {
    const server = createServer((request, response) => {
      request.setEncoding("utf8").on("data", (body: string) => {
        response.setHeader("content-type", "application/json; charset=utf-8");
        response.end(JSON.stringify({ id: "theirs", body, items: [{ n: 1 }, { n: 2 }] }));
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const rig = new Rig({
      kind: "redis",
      brokerUrl: "memory://",
      backendUrl: "cache+memory://",
      close: async () => undefined,
    });
    onTestFinished(async () => {
      server.close();
      await rig.close();
    });
    return {
      rig,
      queue: "q-1",
      ids: new Map([["t1", "recorded"]]),
      given: new Map(),
      saved: new Map(),
      timeoutMs: 5000,
      peer: undefined,
      worker: undefined,
      gatewayUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      note: () => undefined,
      see: () => undefined,
    };
  }
  const step = { do: "http", method: "POST", path: "/", status: 200 } as const;

  test("gives a task its id", async () => {
    const on = await stage();
    await http({ ...step, body: "x", save: { t1: "/id", other: "/id" } }, on);
    expect([on.ids.get("t1"), on.ids.get("other"), on.given.get("recorded")]).toEqual([
      "theirs",
      undefined,
      "theirs",
    ]);
  });

  test("has the parts of the answer that are named", async () => {
    const on = await stage();
    const answer = { id: { $any: true }, items: { $has: [{ n: { $int: "2" } }] } } as const;
    const answerHeaders = { "content-type": "application/json" };
    expect(await http({ ...step, body: "x", answer, answerHeaders }, on)).toEqual([]);
    const wrong = { items: { $has: [{ n: { $int: "3" } }] } } as const;
    expect(await http({ ...step, body: "x", answer: wrong }, on)).toMatchObject([
      { reason: "the list lacks it" },
    ]);
    expect(await http({ ...step, body: "x", answerHeaders: { etag: null } }, on)).toMatchObject([
      { path: "$.headers.etag" },
    ]);
  });

  test("is filled to a length", async () => {
    const on = await stage();
    const found = await http({ ...step, body: "<$fill>", fill: 5, answer: { body: "<xxxxx>" } }, on);
    expect(found).toEqual([]);
  });
});
