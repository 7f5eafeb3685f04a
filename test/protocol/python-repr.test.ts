import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { argsRepr, Decimal, kwargsRepr, pythonRepr, readEnvelope, Uuid } from "../../protocol/index.ts";
import { RECORDED_PLAIN, RECORDED_RICH } from "../codecs/recorded-values.ts";
import { type TaskVector, vectors } from "../helpers/vectors.ts";

const headersOf = (vector: TaskVector): Readonly<Record<string, unknown>> =>
  vector.transport === "redis" ? readEnvelope(vector.raw).message.headers : vector.headers;

describe("argsRepr and kwargsRepr", () => {
  const recorded = vectors<TaskVector[]>("tasks").filter(({ name }) => /^v2-(json|yaml|msgpack)/.test(name));

  test.each(recorded)("print what $name over $transport was sent with", (vector) => {
    const { argsrepr, kwargsrepr } = headersOf(vector);
    expect(argsRepr([1, "two"])).toBe(argsrepr);
    expect(kwargsRepr(vector.name.includes("json") ? RECORDED_RICH : RECORDED_PLAIN)).toBe(kwargsrepr);
  });

  test("cut long arguments as Celery does", () => {
    const long = vectors<TaskVector[]>("tasks_options").filter(({ name }) => name === "long_repr");
    expect(long).toHaveLength(2);
    for (const vector of long) {
      const { argsrepr, kwargsrepr } = headersOf(vector);
      expect(argsRepr(["x".repeat(2000), Array.from({ length: 500 }, (_, index) => index)])).toBe(argsrepr);
      expect(kwargsRepr({ deep: { a: { b: { c: { d: 1 } } } } })).toBe(kwargsrepr);
    }
  });

  test("print tuples", () => {
    expect(argsRepr([])).toBe("()");
    expect(argsRepr([1])).toBe("(1,)");
    expect(argsRepr([[1], [[2, [3]]]])).toBe("([1], [[2, [...]]])");
    expect(kwargsRepr({})).toBe("{}");
    expect(kwargsRepr({ a: 1, dropped: undefined })).toBe("{'a': 1}");
  });
});

describe("pythonRepr", () => {
  // Python's own output; test/codecs/python.live.test.ts compares many more.
  test.each<[value: unknown, shown: string]>([
    [null, "None"],
    [undefined, "None"],
    [true, "True"],
    ["it's", "'it\\'s'"],
    ["\n\\", "'\n\\'"],
    [1.5, "1.5"],
    [-0, "-0.0"],
    [1e16, "1e+16"],
    [2 ** 53, "9007199254740992.0"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [1e300, "1e+300"],
    [Number.NaN, "nan"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [2n ** 70n, "1180591620717411303424"],
    [Buffer.from("zażółć"), "b'zażółć'"],
    [Uint8Array.of(0xff, 0), "b'ff00'"],
    [new Decimal("1E+3"), "Decimal('1E+3')"],
    [new Uuid("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"), "UUID('6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11')"],
    [Temporal.PlainDate.from("2024-02-09"), "datetime.date(2024, 2, 9)"],
    [Temporal.PlainTime.from("01:02"), "datetime.time(1, 2)"],
    [Temporal.PlainTime.from("01:00:00.000004"), "datetime.time(1, 0, 0, 4)"],
    [Temporal.PlainDateTime.from("2024-02-29T12:00"), "datetime.datetime(2024, 2, 29, 12, 0)"],
    [
      new Date("2024-02-29T12:00:01Z"),
      "datetime.datetime(2024, 2, 29, 12, 0, 1, tzinfo=datetime.timezone.utc)",
    ],
    [
      Temporal.ZonedDateTime.from("2024-02-29T12:00-05:30[-05:30]"),
      "datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=66600)))",
    ],
    [new Set([1, "a"]), "{1, 'a'}"],
    [new Set(), "set()"],
    [new Map([[1, "a"]]), "{1: 'a'}"],
    // What Python has no repr for must not fail: the serializer will say what is wrong.
    [new Date(Number.NaN), "<Date>"],
    [() => 1, "<function>"],
    [Object.create({}), "<Object>"],
  ])("of %o", (value, shown) => {
    expect(pythonRepr(value)).toBe(shown);
  });

  test("counts characters as Python does, and closes brackets", () => {
    expect(pythonRepr(["😀".repeat(5), "abc"], 8)).toBe("['😀😀😀😀😀', ...]");
    expect(pythonRepr("😀".repeat(50), 10)).toBe(`'${"😀".repeat(10)}...'`);
    expect(pythonRepr("one two three four", 10)).toBe("'one two...'");
    expect(pythonRepr({ a: [1, 2, 3, 4], b: 5 }, 8)).toBe("{'a': [1..., ...]}");
    expect(pythonRepr([[1, 2]], 2)).toBe("[[, ...]]");
    expect(pythonRepr([[[[1]]]], 100, 0)).toBe("[[[[1]]]]");
  });

  test("ends on values that contain themselves", () => {
    const cycle: unknown[] = [1];
    cycle.push(cycle);
    expect(pythonRepr(cycle)).toBe("[1, [1, [1, [...]]]]");
  });
});
