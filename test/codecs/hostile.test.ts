/**
 * The bad input that bodies and values must survive, by its number, with the tests that send it. What has no better place
 * is tested here.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, msgpackSerializer, yamlSerializer } from "../../codecs/index.ts";
import { parseBody } from "../../gateway/json-body.ts";
import { DecodeError } from "../../protocol/index.ts";
import { spell } from "../../testing/values.ts";

type Place = readonly [file: string, name: string];

/** Row, input, and where its tests are: a part of their names. */
const ROWS: readonly (readonly [row: number, input: string, ...places: Place[]])[] = [
  [
    5,
    "the same key twice, over HTTP",
    ["test/gateway/json-body.test.ts", "refuses the key that is there twice"],
    ["test/gateway/hostile.test.ts", "a key twice"],
  ],
  [
    6,
    "__proto__, constructor and prototype as keys",
    ["test/gateway/json-body.test.ts", "keeps keys that name parts of the prototype as own keys"],
    ["testing/serializer.ts", "keeps __proto__, constructor and prototype as plain keys"],
    ["test/codecs/oracle.live.test.ts", "gets values of its own back from us"],
  ],
  [
    7,
    "2^53 + 1, 1e400, -0 and 5000 digits, over HTTP",
    ["test/gateway/json-body.test.ts", "keeps integers exact"],
    ["test/gateway/json-body.test.ts", "refuses the number in"],
    ["test/codecs/hostile.test.ts", "row 7: -0 is kept"],
  ],
  [
    8,
    "a typed value, over HTTP",
    ["test/gateway/submit.test.ts", "reserved-envelope"],
    ["test/gateway/submit.test.ts", "lets objects pass that only look like typed values"],
  ],
  [
    24,
    "content types and encodings that are absent, unknown or not accepted",
    ["test/codecs/decode-message.test.ts", "looks at no byte of a refused body"],
    ["test/codecs/registry.test.ts", "with accept_content"],
    ["test/e2e/malformed.live.test.ts", "a type that is not accepted"],
    ["test/e2e/malformed.live.test.ts", "an unknown content encoding"],
  ],
  [
    28,
    "compression bombs, and compressed data that is cut, garbled or too long",
    ["testing/compressor.ts", "stops without growing to a bomb's size"],
    ["testing/compressor.ts", "refuses truncated, garbled and extended data"],
    ["test/codecs/compressors.test.ts", "bomb"],
    ["test/e2e/malformed.live.test.ts", "a body that unpacks to 32 MiB"],
  ],
  [
    29,
    "msgpack that claims, nests, extends, repeats keys or is cut",
    ["test/codecs/msgpack.test.ts", "array32 of 4 G"],
    ["test/codecs/msgpack.test.ts", "NaN key"],
    ["test/codecs/msgpack.test.ts", "timestamp extension"],
    ["testing/serializer.ts", "stops at the depth limit before building anything"],
    ["test/codecs/hostile.test.ts", "row 29: lengths are not believed"],
    ["test/codecs/hostile.test.ts", "row 29: every body that is cut is refused"],
  ],
  [
    30,
    "YAML aliases, merge keys, foreign tags, anchors in keys",
    ["test/codecs/yaml.test.ts", "nine levels of nine aliases"],
    ["test/codecs/yaml.test.ts", "merge key with __proto__"],
    ["test/codecs/yaml.test.ts", "Python object"],
    ["test/codecs/yaml.test.ts", "JavaScript function"],
    ["test/codecs/hostile.test.ts", "row 30: an anchor in a key"],
  ],
  [
    43,
    "pickles that call, import, claim, repeat or nest",
    ["test/codecs/pickle-hostile.test.ts", "a hostile pickle"],
    ["test/codecs/pickle-hostile.test.ts", "a pickle bomb"],
  ],
  [44, "text made for each regular expression", ["test/package/regexes.test.ts", "is linear"]],
];

describe("the table", () => {
  test.each(
    ROWS.flatMap(([row, input, ...places]) => places.map(([file, name]) => ({ row, input, file, name }))),
  )("row $row, $input: $file has $name", ({ file, name }) => {
    expect(readFileSync(file, "utf8").includes(name)).toBe(true);
  });
});

test("row 7: -0 is kept", () => {
  expect(parseBody(Buffer.from("[-0]"), 64)).toEqual([-0]);
});

const hex = (text: string): Buffer => Buffer.from(text, "hex");

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof DecodeError) return error.code;
    throw error;
  }
  return "no error";
}

test("row 29: lengths are not believed", () => {
  // array32, map32, bin32, str32 and ext32, each of 4 G, and each of them nested a hundred times.
  const claims = ["dd", "df", "c6", "db", "c9"].flatMap((type) => [
    hex(`${type}ffffffff`),
    hex(`${`${type}7fffffff`.repeat(100)}`),
    Buffer.concat([Buffer.alloc(100, 0x91), hex(`${type}ffffffff`)]),
  ]);
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 100; round++) {
    for (const body of claims)
      expect(codeOf(() => msgpackSerializer.deserialize(body, DEFAULT_LIMITS))).toBe("bad_body");
  }
  // One of them would take more; 1500 take hardly any.
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
});

test("row 29: every body that is cut is refused", () => {
  const body = msgpackSerializer.serialize([
    [1, -1, 70_000, 2n ** 60n, 1.5, "text", "ż".repeat(40), Uint8Array.of(1, 2), null, true],
    { key: [{ deep: ["x".repeat(300)] }] },
    {},
  ]) as Uint8Array;
  for (let end = 0; end < body.length; end++) {
    const cut = body.subarray(0, end);
    expect(
      codeOf(() => msgpackSerializer.deserialize(cut, DEFAULT_LIMITS)),
      `${end} bytes`,
    ).toBe("bad_body");
  }
});

test.each<[body: string, value: unknown]>([
  ["{&a key: 1, other: *a}", { key: 1, other: "key" }],
  ["&a key: *a", { key: "key" }],
  ["{? &a x : 1, ? *a : 2}", { x: 2 }],
])("row 30: an anchor in a key, %s", (body, value) => {
  expect(spell(yamlSerializer.deserialize(Buffer.from(body), DEFAULT_LIMITS))).toEqual(spell(value));
});

test.each([
  "? &a [1]\n: *a",
  "? &a {x: &b *a}\n: 1",
  "? !!python/object/apply:os.system [true]\n: 1",
  `${"? ".repeat(1000)}a`,
])("row 30: an anchor in a key, %.30s", (body) => {
  const code = codeOf(() => yamlSerializer.deserialize(Buffer.from(body), DEFAULT_LIMITS));
  expect(["bad_body", "too_deep"]).toContain(code);
});
