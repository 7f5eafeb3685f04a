import { Temporal } from "temporal-polyfill";
import { expect, it } from "vitest";
import { float, tuple } from "../../protocol/index.ts";
import { type Packed, packMeta, unpackMeta } from "../../worker/pools/child/pack.ts";

/** As a pipe between processes keeps it, which is the stricter way. */
function overPipe(packed: Packed): Packed {
  return JSON.parse(JSON.stringify(packed)) as Packed;
}

function deep(levels: number): unknown {
  return levels === 0 ? "bottom" : [deep(levels - 1)];
}

it.each([
  null,
  true,
  "",
  "\ud800 alone",
  1.5,
  Number.MAX_VALUE,
  [],
  [1, ["x", { y: null }]],
  { a: { b: [] } },
  JSON.parse('{"__proto__": {"x": 1}, "toJSON": 1}') as unknown,
])("%j travels as it is", (value) => {
  const packed = packMeta(value);
  expect(packed).toHaveProperty("plain");
  expect(unpackMeta(overPipe(packed))).toEqual(value);
});

it.each([
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -0,
  2n ** 70n,
  Uint8Array.of(255, 0),
  tuple(1, 2),
  [float(1)],
  new Map([[1, 2]]),
  [Temporal.PlainDate.from("2024-02-29")],
  { deep: [{ n: 2n ** 64n }] },
  deep(60),
])("%o travels as a pickle, and keeps what it is", (value) => {
  const packed = packMeta(value);
  expect(packed).toHaveProperty("pickle");
  expect(unpackMeta(overPipe(packed))).toStrictEqual(value);
});

it("refuses what no process could be told", () => {
  expect(() => packMeta({ call: () => 1 })).toThrow(expect.objectContaining({ name: "EncodeError" }));
});

it("an own __proto__ stays one", () => {
  const value = unpackMeta(overPipe(packMeta(JSON.parse('{"__proto__": {"x": 1}}')))) as object;
  expect(Object.keys(value)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});
