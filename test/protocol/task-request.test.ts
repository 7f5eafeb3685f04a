import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DecodeError,
  type DeliveryInfo,
  isProtocol2,
  readableTaskId,
  readEnvelope,
  toTaskRequest,
  type WireMessage,
} from "../../protocol/index.ts";
import { type TaskVector, vectors } from "../helpers/vectors.ts";

const info: DeliveryInfo = { queue: "celery", exchange: "", routingKey: "celery", redelivered: false };
const good = { task: "wire.add", id: "0f0f0f0f-0000-4000-8000-000000000001" };

function message(headers: Readonly<Record<string, unknown>>): WireMessage {
  return {
    body: Buffer.of(),
    contentType: "application/json",
    contentEncoding: "utf-8",
    headers,
    properties: { deliveryMode: 2, priority: 0 },
  };
}

function rejection(headers: Readonly<Record<string, unknown>>, body: unknown): DecodeError | undefined {
  try {
    toTaskRequest(message(headers), body, info);
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

function recorded(name: string, file = "tasks_options"): { wire: WireMessage; body: unknown } {
  const vector = vectors<TaskVector[]>(file).find((one) => one.name === name && one.transport === "redis");
  if (vector?.transport !== "redis") throw new Error(`There is no vector ${name}`);
  const wire = readEnvelope(vector.raw).message;
  return { wire, body: JSON.parse(Buffer.from(wire.body).toString()) };
}

describe("toTaskRequest", () => {
  test("reads a recorded protocol 2 message", () => {
    const { wire, body } = recorded("defaults");
    const request = toTaskRequest(wire, body, info);
    expect(request).toEqual({
      task: "wire.add",
      id: wire.headers["id"],
      args: [2, 2],
      kwargs: {},
      embed: { callbacks: [], errbacks: [], chain: [], chord: undefined },
      retries: 0,
      etaMs: undefined,
      expiresMs: undefined,
      timeLimitSeconds: undefined,
      softTimeLimitSeconds: undefined,
      rootId: wire.headers["id"],
      parentId: undefined,
      groupId: undefined,
      groupIndex: undefined,
      ignoreResult: false,
      replyTo: wire.properties.replyTo,
      correlationId: wire.headers["id"],
      priority: 0,
      protocol: 2,
      headers: wire.headers,
      deliveryInfo: info,
    });
  });

  test.each([
    ["eta", { etaMs: Date.UTC(2030, 0, 2, 3, 4, 5, 678) }],
    ["eta_naive", { etaMs: Date.UTC(2030, 0, 2, 3, 4, 5, 678) }],
    ["expires_dt", { expiresMs: Date.UTC(2030, 0, 2, 3, 4, 5, 678) }],
    ["limits", { timeLimitSeconds: 30, softTimeLimitSeconds: 20.5 }],
    ["priority5", { priority: 5 }],
    ["ignore_result", { ignoreResult: true }],
    [
      "link",
      {
        embed: {
          callbacks: [{ task: "wire.add", args: [10] }],
          errbacks: [{ task: "wire.errback", args: ["e"] }],
        },
      },
    ],
    ["shadow_headers", { headers: { shadow: "alias.add", tenant: "t1", n: 1 } }],
  ])("reads the recorded %s", (name, expected) => {
    const { wire, body } = recorded(name);
    expect(toTaskRequest(wire, body, info)).toMatchObject(expected);
  });

  test("reads a recorded protocol 1 message", () => {
    const { wire, body } = recorded("v1-json-plain", "tasks");
    expect(toTaskRequest(wire, body, info)).toMatchObject({
      task: "wire.echo",
      id: "0f0f0f0f-0000-4000-8000-000000001000",
      args: [1, "two"],
      kwargs: { uni: "zażółć 😀" },
      rootId: "0f0f0f0f-0000-4000-8000-000000001000",
      replyTo: "wire-reply",
      protocol: 1,
      ignoreResult: undefined,
    });
    expect(toTaskRequest(message({}), { ...good, group: "g", taskset: "t" }, info)).toMatchObject({
      groupId: "t",
      args: [],
      kwargs: {},
    });
  });

  test.each(vectors<{ name: string; messages: object[] }[]>("canvas_messages"))(
    "reads the recorded canvas $name",
    ({ messages }) => {
      for (const raw of messages) {
        const wire = readEnvelope(JSON.stringify(raw)).message;
        const body = JSON.parse(Buffer.from(wire.body).toString()) as [
          unknown[],
          unknown,
          Record<string, unknown>,
        ];
        const { embed, groupId } = toTaskRequest(wire, body, info);
        expect(groupId ?? null).toBe(wire.headers["group"]);
        expect({
          callbacks: [...embed.callbacks],
          errbacks: [...embed.errbacks],
          chain: [...embed.chain],
          chord: embed.chord ?? null,
        }).toEqual({
          callbacks: body[2]["callbacks"] ?? [],
          errbacks: body[2]["errbacks"] ?? [],
          chain: body[2]["chain"] ?? [],
          chord: body[2]["chord"],
        });
      }
    },
  );

  test.each<[string, Readonly<Record<string, unknown>>, unknown]>([
    ["only task and id", good, [[], {}, {}]],
    ["an embed of null", good, [[], {}, null]],
    ["the hybrid form", good, { args: [1], kwargs: {} }],
    ["a time limit of false", { ...good, timelimit: false }, [[], {}, {}]],
    ["an id of 255 bytes", { ...good, id: "x".repeat(255) }, [[], {}, {}]],
    ["a language that is not Python", { ...good, lang: "js" }, [[], {}, {}]],
    ["one signature instead of a list", good, [[], {}, { callbacks: { task: "t" } }]],
  ])("accepts %s", (_, headers, body) => {
    expect(rejection(headers, body)).toBeUndefined();
  });

  test.each<[string, Readonly<Record<string, unknown>>, unknown, code: string]>([
    // Of these Celery exits, loops, drops the message in silence, or runs nonsense.
    ["an empty body", good, "", "bad_body"],
    ["a body of null", good, null, "bad_body"],
    ["an object without args", good, { kwargs: {} }, "bad_body"],
    ["two elements", good, [[], {}], "bad_body"],
    ["four elements", good, [[], {}, {}, {}], "bad_body"],
    ["args that are text", good, ["ab", {}, {}], "bad_body"],
    ["args that are null", good, [null, {}, {}], "bad_body"],
    ["kwargs that are a list", good, [[], [], {}], "bad_body"],
    ["kwargs that are null", good, [[], null, {}], "bad_body"],
    ["an embed that is a list", good, [[], {}, [1]], "bad_body"],
    ["a callback without a task", good, [[], {}, { callbacks: [{}] }], "bad_body"],
    ["a chord that is text", good, [[], {}, { chord: "body" }], "bad_body"],
    ["no id", { task: "t" }, [[], {}, {}], "bad_header"],
    ["an id of null", { ...good, id: null }, [[], {}, {}], "bad_header"],
    ["an id that is a number", { ...good, id: 7 }, [[], {}, {}], "bad_header"],
    ["an id that is a list", { ...good, id: ["a"] }, [[], {}, {}], "bad_header"],
    ["an empty id", { ...good, id: "" }, [[], {}, {}], "bad_header"],
    ["an id of 64 KiB", { ...good, id: "x".repeat(65_536) }, [[], {}, {}], "bad_header"],
    ["an id of 256 bytes in 128 characters", { ...good, id: "é".repeat(128) }, [[], {}, {}], "bad_header"],
    ["a task that is a number", { ...good, task: 7 }, [[], {}, {}], "bad_header"],
    ["a task of null", { ...good, task: null }, [[], {}, {}], "bad_header"],
    ["an empty task", { ...good, task: "" }, [[], {}, {}], "bad_header"],
    ["a time limit that is text", { ...good, timelimit: "abc" }, [[], {}, {}], "bad_header"],
    ["three time limits", { ...good, timelimit: [1, 2, 3] }, [[], {}, {}], "bad_header"],
    ["a negative time limit", { ...good, timelimit: [-1, null] }, [[], {}, {}], "bad_header"],
    ["retries that are text", { ...good, retries: "many" }, [[], {}, {}], "bad_header"],
    ["negative retries", { ...good, retries: -1 }, [[], {}, {}], "bad_header"],
    ["half a retry", { ...good, retries: 0.5 }, [[], {}, {}], "bad_header"],
    ["a group that is a number", { ...good, group: 1 }, [[], {}, {}], "bad_header"],
    ["a root_id that is a list", { ...good, root_id: [] }, [[], {}, {}], "bad_header"],
    ["an eta that is a number", { ...good, eta: 1_700_000_000 }, [[], {}, {}], "bad_eta"],
    ["an eta in words", { ...good, eta: "next tuesday" }, [[], {}, {}], "bad_eta"],
    ["expires in the year 10000", { ...good, expires: "10000-01-01T00:00:00" }, [[], {}, {}], "bad_eta"],
    ["protocol 1 without a task", {}, { id: "i" }, "bad_body"],
    ["protocol 1 without an id", {}, { task: "t" }, "bad_body"],
    ["neither protocol", {}, [[], {}, {}], "bad_body"],
  ])("refuses %s", (_, headers, body, code) => {
    expect(rejection(headers, body)?.code).toBe(code);
  });

  test("never shows what a wrong value holds", () => {
    const secret = "s3cret".repeat(100);
    for (const error of [
      rejection({ ...good, id: secret.repeat(10) }, []),
      rejection(good, [secret, {}, {}]),
      rejection(good, secret),
    ]) {
      expect(error?.message).toMatch(/must be/);
      expect(error?.message).not.toContain("s3cret");
    }
  });

  test("throws nothing but DecodeError, whatever the message", () => {
    const names = fc.constantFrom(
      "task",
      "id",
      "eta",
      "expires",
      "timelimit",
      "retries",
      "group",
      "root_id",
      "parent_id",
      "group_index",
      "ignore_result",
    );
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom("wire.add", "2030-01-02", [1, 2], [null, null]));
    const headers = fc.dictionary(names, value).map((some) => ({ ...good, ...some }));
    const body = fc.oneof(
      value,
      fc.tuple(value, value, value),
      fc.tuple(fc.constant([]), fc.constant({}), value),
    );
    fc.assert(
      fc.property(fc.oneof(headers, fc.constant({})), body, (one, two) => void rejection(one, two)),
      { numRuns: 2000 },
    );
  });
});

describe("readableTaskId", () => {
  test("finds the id of what cannot be run", () => {
    expect(readableTaskId(message(good), undefined)).toBe(good.id);
    expect(readableTaskId(message({ ...good, id: 7 }), undefined)).toBeUndefined();
    expect(readableTaskId(message({}), { id: "i" })).toBe("i");
    expect(readableTaskId(message({}), [])).toBeUndefined();
  });

  test("isProtocol2 goes by the task header alone", () => {
    expect(isProtocol2({ task: null })).toBe(true);
    expect(isProtocol2({ id: "i" })).toBe(false);
  });
});
