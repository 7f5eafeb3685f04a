import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, yamlSerializer } from "../../codecs/index.ts";
import { Decimal, Uuid } from "../../protocol/index.ts";
import { testSerializer } from "../../testing/serializer.ts";
import {
  anyBytes,
  anyDate,
  anyNumber,
  anyText,
  awareDateTime,
  naiveDateTime,
  spell,
  treeOf,
  wideInteger,
} from "../../testing/values.ts";
import { YAML_TEXTS } from "./yaml-texts.ts";

const text = fc.oneof(anyText, fc.constantFrom(...YAML_TEXTS));
const item = fc.oneof(fc.constant(null), fc.boolean(), text, anyNumber, wideInteger(-(2n ** 80n), 2n ** 80n));

const laughs = (levels: number): string =>
  Array.from({ length: levels }, (_, level) =>
    level === 0
      ? `a0: &a0 ["lol"]`
      : `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(", ")}]`,
  ).join("\n");

testSerializer({
  serializer: yamlSerializer,
  anyKeys: true,
  // js-yaml takes about a millisecond for a body that it refuses.
  runs: 300,
  values: treeOf(
    fc.oneof(
      item,
      anyBytes,
      anyDate,
      naiveDateTime,
      awareDateTime,
      fc.uniqueArray(item).map((items) => new Set(items)),
    ),
    fc.oneof(text, fc.string({ minLength: 1000, maxLength: 1100 })),
  ),
  unencodable: {
    "time of day": Temporal.PlainTime.from("12:00"),
    "offset with seconds": Temporal.ZonedDateTime.from("1850-01-01T00:00[Asia/Kolkata]"),
    Decimal: new Decimal("1.10"),
    Uuid: new Uuid("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"),
    "Set of lists": new Set([[1]]),
    "Map with a list as key": new Map([[[1], 2]]),
  },
  malformed: {
    "not UTF-8": [Buffer.from([0x61, 0xff]), "bad_body"],
    "NUL byte": ["a\0b", "bad_body"],
    "control character": ["a: \u0007", "bad_body"],
    "unclosed list": ["[1", "bad_body"],
    "tab as indentation": ["a:\n\tb: 1", "bad_body"],
    "two documents": ["--- 1\n--- 2\n", "bad_body"],
    "Python object": ["!!python/object/apply:os.system ['true']", "bad_body"],
    "Python tuple": ["!!python/tuple [1, 2]", "bad_body"],
    "JavaScript function": ["!!js/function 'function () { return 1 }'", "bad_body"],
    "own tag": ["!thing 1", "bad_body"],
    omap: ["!!omap [a: 1]", "bad_body"],
    "merge key": ["a: &a {x: 1}\nb:\n  <<: *a\n", "bad_body"],
    "merge key with __proto__": ["<<: {__proto__: {polluted: 1}}", "bad_body"],
    "30 February": ["2024-02-30", "bad_body"],
    "hour 25": ["2024-02-28 25:00:00", "bad_body"],
    "integer without digits": ["0b_", "bad_body"],
    "integer of 4301 digits": ["1".repeat(4301), "bad_body"],
    "binary that is no base64": ["!!binary abc", "bad_body"],
    "int that is no int": ["!!int abc", "bad_body"],
    "list as key": ["? [1]\n: 2", "bad_body"],
    "alias of nothing": ["*a", "bad_body"],
    "alias of what it is in": ["&a [*a]", "bad_body"],
    "nine levels of nine aliases": [laughs(10), "too_large"],
    "100 001 values": [`[${"1,".repeat(100_001)}]`, "too_large"],
    "10 000 000 values": [`[${"1,".repeat(6_000_000)}]`, "too_large"],
    "101 aliases": [`[&a 1${", *a".repeat(101)}]`, "too_large"],
    "depth through aliases": [
      Array.from(
        { length: 90 },
        (_, level) => `a${level}: &a${level} [[[${level ? `*a${level - 1}` : 1}]]]`,
      ).join("\n"),
      "too_deep",
    ],
  },
  nested: (depth) => `${"[".repeat(depth)}1${"]".repeat(depth)}`,
});

describe("yamlSerializer", () => {
  const read = (body: string): unknown => yamlSerializer.deserialize(Buffer.from(body), DEFAULT_LIMITS);
  const write = (value: unknown): string => Buffer.from(yamlSerializer.serialize(value)).toString();

  // What PyYAML 6.0.3 makes of them; test/codecs/python.live.test.ts asks it.
  test.each<[body: string, value: unknown]>([
    ["yes", true],
    ["Off", false],
    ["y", "y"],
    ["1_000", 1000],
    ["017", 15],
    ["0o17", "0o17"],
    ["08", "08"],
    ["-0b1_01", -5],
    ["0xFF", 255],
    ["12:30", 750],
    ["01:30", "01:30"],
    ["-1:30:15", -5415],
    ["9007199254740993", 2n ** 53n + 1n],
    ["1e3", "1e3"],
    ["1.0e+3", 1000],
    ["1.", 1],
    [".5", 0.5],
    ["-.5", "-.5"],
    ["-.INF", Number.NEGATIVE_INFINITY],
    [".nan", Number.NaN],
    ["1:30.5", 90.5],
    ["-0.0", -0],
    ["~", null],
    ["", null],
    ["# only a comment", null],
    ["2024-02-29", Temporal.PlainDate.from("2024-02-29")],
    ["2024-2-9", "2024-2-9"],
    ["2024-2-9 1:02:03", Temporal.PlainDateTime.from("2024-02-09T01:02:03")],
    ["2001-12-14t21:59:43.10-05:00", Temporal.ZonedDateTime.from("2001-12-14T21:59:43.10-05:00[-05:00]")],
    [
      "2001-12-14 21:59:43.1234567 +5",
      Temporal.ZonedDateTime.from("2001-12-14T21:59:43.123456+05:00[+05:00]"),
    ],
    ["2001-12-14T21:59:43Z", Temporal.ZonedDateTime.from("2001-12-14T21:59:43+00:00[+00:00]")],
    ["!!binary |\n  aGVs\n  bG8=\n", Uint8Array.from(Buffer.from("hello"))],
    ["!!set {a, 1: null}", new Set(["a", 1])],
    ["!!str 1", "1"],
    ["! 1", "1"],
    [
      "{1: a, 1.5: b, true: c, ~: d, 1: e, x: f}",
      new Map<unknown, string>([
        [1, "e"],
        [1.5, "b"],
        [true, "c"],
        [null, "d"],
        ["x", "f"],
      ]),
    ],
    ["{a: &x [1], b: *x, c: *x}", { a: [1], b: [1], c: [1] }],
    ["'<<': 1", { "<<": 1 }],
    ["%YAML 1.1\n---\na: 1\n...\n", { a: 1 }],
    ["a: |\n  line 1\n  line 2\nb: >\n  folded\n  text\n", { a: "line 1\nline 2\n", b: "folded text\n" }],
  ])("reads %o", (body, value) => {
    expect(spell(read(body))).toEqual(spell(value));
  });

  test("writes blocks, as safe_dump does", () => {
    const value = { task: "t", args: [1, "two"], kwargs: {}, when: Temporal.PlainDate.from("2024-02-29") };
    expect(write(value)).toBe("task: t\nargs:\n  - 1\n  - two\nkwargs: {}\nwhen: 2024-02-29\n");
  });

  test.each<[value: unknown, body: string]>([
    [null, "null"],
    ["Please send it", "Please send it"],
    ["yes", "'yes'"],
    ["it's 1", "'it''s 1'"],
    ["12", "'12'"],
    ["2024-02-29", "'2024-02-29'"],
    ["tab\t, é, 🎉 and \u2028", String.raw`"tab\t, \xe9, \U0001f389 and \u2028"`],
    [[[1, [2, []]], {}], "- - 1\n  - - 2\n    - []\n- {}"],
    [[{ a: { b: [1] }, c: "d" }, 2], "- a:\n    b:\n      - 1\n  c: d\n- 2"],
    [{ "a: b": 1, "": 2, "12": 3 }, "'12': 3\n'a: b': 1\n'': 2"],
    [{ a: new Set([1, "x y"]), b: new Set() }, "a: !!set\n  1: null\n  x y: null\nb: !!set {}"],
    [[Buffer.from("hello"), Buffer.alloc(0)], "- !!binary 'aGVsbG8='\n- !!binary ''"],
    [[1e21, 0.5, -0, 2 ** 53, 1e-7], "- 1.0e+21\n- 0.5\n- -0.0\n- 9007199254740992.0\n- 1.0e-7"],
  ])("writes %o", (value, body) => {
    expect(write(value)).toBe(`${body}\n`);
  });

  test("writes long keys with a question mark", () => {
    const key = "k".repeat(1001);
    expect(write({ [key]: [1], b: 2 })).toBe(`? ${key}\n:\n  - 1\nb: 2\n`);
  });

  test("refuses a large body of values before it parses them", () => {
    const startedWith = process.memoryUsage().rss;
    expect(() => read("[".concat("1,".repeat(8_000_000), "]"))).toThrow("more than 100000 values");
    expect(process.memoryUsage().rss - startedWith).toBeLessThan(100 * 1024 * 1024);
  });

  test("reads a large text", () => {
    const text = "It was a dark and stormy night; the rain fell in torrents. ".repeat(20_000);
    expect(read(write([text]))).toEqual([text]);
  });
});
