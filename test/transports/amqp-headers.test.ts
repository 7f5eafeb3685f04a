import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Decimal, DecodeError } from "../../protocol/index.ts";
import { PropertyBytes } from "../../transports/amqp/properties.ts";

const BODY = Buffer.from("body");

/** A property list with headers only: one header of the given bytes, from its type letter on. */
function withHeader(...value: readonly (string | readonly number[])[]): PropertyBytes {
  const bytes = Buffer.concat(
    value.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))),
  );
  const table = Buffer.concat([Buffer.from("\u0001h"), bytes]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(table.length);
  return new PropertyBytes(Buffer.concat([Buffer.from([0x20, 0]), size, table]));
}

const header = (...value: readonly (string | readonly number[])[]): unknown =>
  withHeader(...value).toMessage(BODY).headers["h"];

test.each([
  ["t", [1], true],
  ["t", [0], false],
  ["b", [0xff], -1],
  ["B", [0xff], 255],
  ["s", [0xff, 0xfe], -2],
  ["U", [0xff, 0xfe], -2],
  ["u", [0xff, 0xfe], 65_534],
  ["I", [0xff, 0xff, 0xff, 0xfd], -3],
  ["i", [0xff, 0xff, 0xff, 0xfd], 4_294_967_293],
  ["l", [0, 0, 0, 1, 0, 0, 0, 0], 4_294_967_296],
  ["L", [0, 0, 0, 1, 0, 0, 0, 0], 4_294_967_296],
  ["L", [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 9_223_372_036_854_775_807n],
  ["l", [0x80, 0, 0, 0, 0, 0, 0, 0], -9_223_372_036_854_775_808n],
  ["f", [0x3f, 0xc0, 0, 0], 1.5],
  ["d", [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
  ["D", [2, 0, 0, 0, 110], new Decimal("1.10")],
  ["D", [0, 0, 0, 0, 7], new Decimal("7")],
  ["D", [3, 0xff, 0xff, 0xff, 0xff], new Decimal("-0.001")],
  ["T", [0, 0, 0, 0, 0x65, 0, 0, 0], new Date(0x65_00_00_00 * 1000)],
  ["V", [], null],
  ["S", [0, 0, 0, 2, 0xc3, 0xa4], "ä"],
  ["S", [0, 0, 0, 3, 0xef, 0xbf, 0xbd], "\uFFFD"],
  ["S", [0, 0, 0, 2, 0xff, 0xfe], Uint8Array.from([0xff, 0xfe])],
  ["x", [0, 0, 0, 2, 0x61, 0x62], Uint8Array.from([0x61, 0x62])],
  ["A", [0, 0, 0, 3, 0x56, 0x62, 5], [null, 5]],
  ["F", [0, 0, 0, 3, 1, 0x61, 0x56], { a: null }],
])("a header of type %s", (letter, bytes, value) => {
  expect(header(letter, bytes)).toEqual(value);
});

describe("garbage is a malformed message, never more", () => {
  test("a type that AMQP does not have", () => {
    expect(() => header("?")).toThrow(DecodeError);
  });

  test.each([
    ["S", [0xff, 0xff, 0xff, 0xff, 0x61]],
    ["A", [0, 0, 1, 0]],
    ["I", [0]],
    ["S", [0]],
  ])("a value of type %s that is cut off", (letter, bytes) => {
    expect(() => header(letter, bytes)).toThrow(expect.objectContaining({ code: "bad_envelope" }));
  });

  test("lists without end", () => {
    const levels = 10_000;
    const list = Array.from({ length: levels }, (_, at) => {
      const size = Buffer.alloc(5);
      size.write("A");
      size.writeUInt32BE((levels - at - 1) * 5, 1);
      return [...size];
    });
    expect(() => header(...list)).toThrow(expect.objectContaining({ code: "too_deep" }));
  });

  test("any bytes", () => {
    const flags = fc.constantFrom([0xff, 0xfc], [0x20, 0], [0xa0, 0x40]);
    void fc.assert(
      fc.property(flags, fc.uint8Array({ maxLength: 300 }), (first, rest) => {
        try {
          new PropertyBytes(Buffer.from([...first, ...rest])).toMessage(BODY);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});

test("a header cannot set a prototype", () => {
  const name = "__proto__";
  const table = Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(`${name}F`),
    Buffer.from([0, 0, 0, 3, 1, 0x61, 0x56]),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(table.length);
  const { headers } = new PropertyBytes(Buffer.concat([Buffer.from([0x20, 0]), size, table])).toMessage(BODY);
  expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  expect(Object.keys(headers)).toEqual([name]);
  expect("a" in headers).toBe(false);
});

test("a message without properties is transient and has priority 0", () => {
  expect(new PropertyBytes(Buffer.from([0, 0])).toMessage(BODY)).toEqual({
    body: BODY,
    contentType: undefined,
    contentEncoding: undefined,
    headers: {},
    properties: { deliveryMode: 1, priority: 0 },
  });
});
