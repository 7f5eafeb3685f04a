import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  clampPriority,
  DecodeError,
  readEnvelope,
  type WireMessage,
  writeEnvelope,
} from "../../protocol/index.ts";
import { type TaskVector, vectors } from "../helpers/vectors.ts";

const minimal = { body: "", headers: {}, properties: { delivery_tag: "t" } };

function failure(text: string): DecodeError {
  try {
    readEnvelope(text);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error(`${text} was read`);
}

const recorded: { name: string; raw: string }[] = [
  ...["tasks", "tasks_options"].flatMap((file) =>
    vectors<TaskVector[]>(file).flatMap((vector) => (vector.transport === "redis" ? [vector] : [])),
  ),
  ...vectors<{ name: string; raw: string }[]>("task_republished"),
  ...Object.entries(vectors<{ filesystem: Record<string, string> }>("transports").filesystem)
    .filter(([name]) => name.endsWith(".msg"))
    .map(([name, raw]) => ({ name, raw })),
];

describe("readEnvelope and writeEnvelope", () => {
  test.each(recorded)("read $name and write the same again, in the same order", ({ raw }) => {
    const { message, route } = readEnvelope(raw);
    const original = JSON.parse(raw) as {
      body: string;
      properties: { delivery_tag: string; delivery_info: unknown };
    };
    expect(message.body).toEqual(Buffer.from(original.body, "base64"));
    expect(original.properties.delivery_info).toEqual({
      exchange: route.exchange,
      routing_key: route.routingKey,
    });
    // JSON.stringify leaves out Python's spaces, and keeps the order of keys.
    expect(writeEnvelope(message, route, original.properties.delivery_tag)).toBe(JSON.stringify(original));
  });

  test("read what kombu reads", () => {
    const { message, route, redelivered } = readEnvelope(
      JSON.stringify({ properties: { delivery_tag: "t" } }),
    );
    expect(route).toEqual({ exchange: "", routingKey: "" });
    expect(redelivered).toBe(false);
    expect(message).toMatchObject({ headers: {}, properties: { deliveryMode: 2, priority: 0 } });
    expect(message.body).toHaveLength(0);
    expect(message.contentType).toBeUndefined();
    const text = { ...minimal, body: "plain é", properties: { body_encoding: "utf-8", priority: "high" } };
    expect(Buffer.from(readEnvelope(JSON.stringify(text)).message.body).toString()).toBe("plain é");
  });

  test.each<[string, object, boolean]>([
    ["at the top, by a generic restore", { redelivered: true }, true],
    ["in delivery_info, by Redis", { properties: { delivery_info: { redelivered: true } } }, true],
    ["nowhere", {}, false],
  ])("find out about redelivery: %s", (_, parts, redelivered) => {
    expect(readEnvelope(JSON.stringify({ ...minimal, ...parts })).redelivered).toBe(redelivered);
  });

  test("keep properties and headers that they do not know", () => {
    const raw = {
      ...minimal,
      headers: { "x-custom": { nested: [1, null] }, big: 1 },
      properties: { user_id: "u", app_id: null, delivery_tag: "t" },
    };
    const text = JSON.stringify(raw).replace('"big":1', '"big":12345678901234567890,"nan":NaN');
    const { message, route } = readEnvelope(text);
    expect(message.headers).toEqual({
      "x-custom": { nested: [1, null] },
      big: 12345678901234567890n,
      nan: Number.NaN,
    });
    expect(message.properties.other).toEqual({ user_id: "u", app_id: null });
    expect(writeEnvelope(message, route, "t")).toContain('"big":12345678901234567890,"nan":NaN}');
    expect(readEnvelope(writeEnvelope(message, route, "t")).message).toEqual(message);
  });

  test.each<[string, string]>([
    ["no JSON", "{"],
    ["an array", "[]"],
    ["null", "null"],
    ["no properties", '{"body": ""}'],
    ["properties that are a list", JSON.stringify({ ...minimal, properties: [] })],
    ["headers that are text", JSON.stringify({ ...minimal, headers: "x" })],
    ["a body that is a number", JSON.stringify({ ...minimal, body: 1 })],
    [
      "a body that is no base64",
      JSON.stringify({ ...minimal, body: "a*b=", properties: { body_encoding: "base64" } }),
    ],
    [
      "base64 cut short",
      JSON.stringify({ ...minimal, body: "YWJ", properties: { body_encoding: "base64" } }),
    ],
    ["a content type that is a number", JSON.stringify({ ...minimal, "content-type": 1 })],
  ])("refuse %s", (_, text) => {
    expect(failure(text).code).toBe("bad_envelope");
  });

  test("refuse deep nesting", () => {
    expect(failure(`{"headers": ${"[".repeat(1_000_000)}`).code).toBe("too_deep");
  });

  test("cannot be made to pollute prototypes", () => {
    const text =
      '{"body":"","headers":{"__proto__":{"a":1}},"properties":{"__proto__":{"polluted":1},"delivery_tag":"t"},"__proto__":{"polluted":1}}';
    const { message } = readEnvelope(text);
    expect(Object.keys(message.headers)).toEqual(["__proto__"]);
    expect("polluted" in message.properties).toBe(false);
    expect("polluted" in (message.properties.other ?? {})).toBe(false);
    expect("polluted" in {}).toBe(false);
  });

  test("throw nothing but DecodeError, whatever the envelope", () => {
    const part = fc.oneof(fc.jsonValue(), fc.constantFrom("base64", "utf-8", "YWJj"));
    const envelope = fc.record(
      {
        body: part,
        headers: part,
        "content-type": part,
        "content-encoding": part,
        properties: fc.oneof(
          part,
          fc.dictionary(fc.constantFrom("body_encoding", "priority", "delivery_info", "expiration"), part),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(envelope, (value) => {
        try {
          readEnvelope(JSON.stringify(value));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("carry any message", () => {
    const message: fc.Arbitrary<WireMessage> = fc.record({
      body: fc.uint8Array(),
      contentType: fc.option(fc.string(), { nil: undefined }),
      contentEncoding: fc.constantFrom("utf-8", "binary"),
      headers: fc.dictionary(
        fc.string(),
        fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.string())),
      ),
      properties: fc.record({
        correlationId: fc.uuid(),
        replyTo: fc.string(),
        deliveryMode: fc.constantFrom(1, 2),
        priority: fc.integer({ min: 0, max: 9 }),
      }),
    });
    fc.assert(
      fc.property(message, fc.string(), fc.string(), (sent, exchange, routingKey) => {
        const read = readEnvelope(writeEnvelope(sent, { exchange, routingKey }, "tag"));
        expect(read.route).toEqual({ exchange, routingKey });
        expect({ ...read.message, body: [...read.message.body] }).toEqual({ ...sent, body: [...sent.body] });
      }),
    );
  });
});

test.each<[unknown, number]>([
  [0, 0],
  [5, 5],
  [9.9, 9],
  [255, 9],
  [-1, 0],
  ["5", 0],
  [null, 0],
  [Number.NaN, 0],
])("clampPriority(%o) is %i", (priority, clamped) => {
  expect(clampPriority(priority)).toBe(clamped);
});
