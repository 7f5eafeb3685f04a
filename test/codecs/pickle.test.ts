import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { createPickleSerializer, DEFAULT_LIMITS, pickleSerializer } from "../../codecs/index.ts";
import {
  ByteArray,
  ConfigurationError,
  Decimal,
  DefaultDict,
  EncodeError,
  FrozenSet,
  float,
  isPlainObject,
  OrderedDict,
  PickledObject,
  PythonError,
  Tuple,
  tuple,
} from "../../protocol/index.ts";
import { testSerializer } from "../../testing/serializer.ts";
import { anyExactPickleValue, anyPickleValue, spell } from "../../testing/values.ts";
import { type PickleVector, type RedisVector, vectors } from "../helpers/vectors.ts";
import { named, type Part, pickle, START, stackNamed, text, uint32, uint64 } from "./pickle-assembly.ts";
import { LOST, PICKLED } from "./pickle-values.ts";
import { RECORDED_RICH } from "./recorded-values.ts";

const exact = createPickleSerializer({ exactFloats: true });
const read = (body: Uint8Array): unknown => pickleSerializer.deserialize(body, DEFAULT_LIMITS);
const bad = (...parts: readonly Part[]): readonly [Buffer, "bad_body"] => [pickle(...parts), "bad_body"];
const date = (state: string): readonly [Buffer, "bad_body"] =>
  bad(named("datetime.datetime"), "C", state.length, state, "\x85R.");

testSerializer({
  serializer: pickleSerializer,
  values: anyPickleValue,
  anyKeys: true,
  otherCodes: ["pickle_refused"],
  unencodable: {
    Float64Array: new Float64Array(1),
    Error: new Error("x"),
    "integer of 4301 digits": 10n ** 4300n,
    "year 10000": Temporal.PlainDate.from("+010000-01-01"),
    "Duration of months": Temporal.Duration.from({ months: 1 }),
    "Duration beyond Python's": Temporal.Duration.from({ days: 1_000_000_000 }),
    "Decimal of words": new Decimal("one"),
    "Set of lists": new Set([[1]]),
    "FrozenSet of tuples of lists": new FrozenSet([tuple([1])]),
    "Map with a list as key": new Map([[[1], 2]]),
    "Map with a ByteArray as key": new Map([[new ByteArray(1), 2]]),
    "object of an unknown class": new PickledObject("os", "system", ["id"]),
    "unknown function": new PickledObject("os", "system"),
    "known class with the name of another": new PickledObject("datetime", "sys.exit", []),
    "DefaultDict of an unknown function": new DefaultDict("os.system"),
  },
  malformed: {
    empty: bad(""),
    "no STOP": bad("N"),
    "STOP of nothing": bad("."),
    "two values": bad("NN."),
    "a mark that stays": bad("(N."),
    "bytes after the end": bad("N.N"),
    "protocol 6": bad("\x80\x06N."),
    "unknown opcode": bad("\xff."),
    "opcode 0": bad("\0."),
    "frame of 4 G": bad(START, "\x95", uint64(2n ** 32n), "N."),
    "frame of 2^63": bad(START, "\x95", uint64(2n ** 63n), "N."),
    "POP of nothing": bad("0."),
    "POP_MARK without a mark": bad("N1."),
    "DUP of nothing": bad("2."),
    "DUP below a mark": bad("N(2."),
    "APPEND to nothing": bad("Na."),
    "APPEND below a mark": bad("](Na."),
    "APPENDS without a mark": bad("]Ne."),
    "APPEND to a tuple": bad(")Na."),
    "APPEND to a dict": bad("}Na."),
    "SETITEM in a list": bad("]NNs."),
    "SETITEMS of a key": bad("}(Nu."),
    "DICT of a key": bad("(Nd."),
    "ADDITEMS to a list": bad(START, "](N\x90."),
    "TUPLE1 of nothing": bad("\x85."),
    "TUPLE3 of two": bad("NN\x87."),
    "TUPLE without a mark": bad("Nt."),
    "FROZENSET without a mark": bad(START, "N\x91."),
    "REDUCE of nothing": bad("R."),
    "REDUCE without a tuple": bad(named("decimal.Decimal"), "]R."),
    "NEWOBJ of text": bad(text("os"), text("x"), "\x81."),
    "OBJ of nothing": bad("(o."),
    "INST without a mark": bad("ios\nsystem\n."),
    "BUILD of nothing": bad("}b."),
    "BUILD of a list": bad("]}b."),
    "BUILD of a dict": bad("}}b."),
    "BUILD twice": bad(named("builtins.ValueError"), ")R}b}b."),
    "GLOBAL without a newline": bad("cos"),
    "GLOBAL without a name": bad("cos\n"),
    "GLOBAL of a long name": bad("c", "x".repeat(1001), "\nx\n."),
    "GLOBAL of bytes": bad("c\xff\xfe\nx\n."),
    "STACK_GLOBAL of numbers": bad("K\x01K\x02\x93."),
    "GET of an empty memo": bad("g0\n."),
    "BINGET of an empty memo": bad("h\0."),
    "LONG_BINGET of an empty memo": bad("j\xff\xff\xff\xff."),
    "GET of text": bad("Np0\ngx\n."),
    "GET of a negative place": bad("Np0\ng-1\n."),
    "GET of a long number": bad("Np0\ng", "0".repeat(1000), "\n."),
    "PUT of nothing": bad("p0\n."),
    "MEMOIZE of nothing": bad("\x94."),
    "INT of text": bad("Ix\n."),
    "INT with spaces": bad("I 1\n."),
    "INT without a newline": bad("I1"),
    "LONG of 4301 digits": bad("L", "1".repeat(4302), "L\n."),
    "LONG1 cut": bad("\x8a\x05\x01."),
    "LONG4 of 4 G": bad("\x8b\xff\xff\xff\x7f."),
    "LONG4 of a negative length": bad("\x8b\xff\xff\xff\xff."),
    "LONG4 of 2000 bytes": bad("\x8b", uint32(2000), "\x01".repeat(2000), "."),
    "FLOAT of text": bad("Fx\n."),
    "FLOAT in hexadecimal": bad("F0x1\n."),
    "BINFLOAT cut": bad("G\0\0."),
    "STRING without quotes": bad("Sx\n."),
    "STRING of one quote": bad("S'\n."),
    "STRING with an escape cut": bad("S'\\'\n."),
    "STRING with \\x cut": bad("S'\\x1'\n."),
    "BINSTRING of a negative length": bad("T\xff\xff\xff\xff."),
    "UNICODE beyond Unicode": bad("V\\U00110000\n."),
    "SHORT_BINUNICODE cut": bad("\x8c\x05abc"),
    "SHORT_BINUNICODE that is no UTF-8": bad("\x8c\x02\xff\xfe."),
    "BINUNICODE of 4 G": bad("X\xff\xff\xff\xff."),
    "BINUNICODE8 of 4 G": bad("\x8d", uint64(2n ** 32n), "x."),
    "BINUNICODE8 of 2^64 - 1": bad("\x8d", uint64(2n ** 64n - 1n), "x."),
    "BINBYTES of 4 G": bad("B\xff\xff\xff\xffx."),
    "BINBYTES8 of 4 G": bad("\x8e", uint64(2n ** 32n), "x."),
    "BYTEARRAY8 of 4 G": bad("\x96", uint64(2n ** 32n), "x."),
    "a list as key": bad("}]Ns."),
    "a dict in a set": bad(START, "\x8f(}\x90."),
    "a tuple with a list as key": bad("}]\x85Ns."),
    "a list that contains itself": bad("]q\0h\0a."),
    "a dict that contains itself": bad("}q\0Nh\0s."),
    "a tuple that contains itself by a list": bad("]q\0h\0\x85a."),
    "an exception that contains itself": bad(named("builtins.ValueError"), ")R", "q\0}", text("x"), "h\0sb."),
    "bytearray of a size": bad(named("builtins.bytearray"), "J\xff\xff\xff\x7f\x85R."),
    "bytearray of another encoding": bad(named("builtins.bytearray"), text("x"), text("utf-16"), "\x86R."),
    "bytes of a size": bad(named("builtins.bytes"), "J\xff\xff\xff\x7f\x85R."),
    "set of a number": bad(named("builtins.set"), "K\x01\x85R."),
    "OrderedDict of singles": bad(named("collections.OrderedDict"), "](]NaaR."),
    "defaultdict of text": bad(named("collections.defaultdict"), text("list"), "\x85R."),
    "Decimal of words": bad(named("decimal.Decimal"), text("one"), "\x85R."),
    "Decimal with a state": bad(named("decimal.Decimal"), text("1"), "\x85R}b."),
    "Decimal with items": bad(named("decimal.Decimal"), text("1"), "\x85RNa."),
    "UUID without a state": bad(named("uuid.UUID"), ")\x81."),
    "UUID of a negative int": bad(named("uuid.UUID"), ")\x81}", text("int"), "J\xff\xff\xff\xffsb."),
    "UUID of 17 bytes": bad(named("uuid.UUID"), ")\x81}", text("int"), "\x8a\x12", "\x01".repeat(18), "sb."),
    "datetime of nothing": bad(named("datetime.datetime"), ")R."),
    "datetime of numbers": bad(named("datetime.datetime"), "M\xe8\x07K\x01K\x01\x87R."),
    "datetime of 9 bytes": date("\x07\xe8\x01\x01\0\0\0\0\0"),
    "datetime of month 13": date("\x07\xe8\x0d\x01\0\0\0\0\0\0"),
    "datetime of 30 February": date("\x07\xe8\x02\x1e\0\0\0\0\0\0"),
    "datetime of year 0": date("\0\0\x01\x01\0\0\0\0\0\0"),
    "datetime of year 10000": date("\x27\x10\x01\x01\0\0\0\0\0\0"),
    "datetime of hour 24": date("\x07\xe8\x01\x01\x18\0\0\0\0\0"),
    "datetime of second 60": date("\x07\xe8\x01\x01\0\0\x3c\0\0\0"),
    "datetime of a million microseconds": date("\x07\xe8\x01\x01\0\0\0\x0f\x42\x40"),
    "datetime with a number as zone": bad(
      named("datetime.datetime"),
      "C\x0a\x07\xe8\x01\x01\0\0\0\0\0\0K\x01\x86R.",
    ),
    "timezone of a number": bad(named("datetime.timezone"), "K\x01\x85R."),
    "timedelta of a billion days": bad(named("datetime.timedelta"), "J\0\xca\x9a\x3b\x85R."),
    "timedelta of a fraction": bad(named("datetime.timedelta"), "G\x3f\xf8\0\0\0\0\0\0\x85R."),
    "ZoneInfo of bytes": bad(named("zoneinfo.ZoneInfo"), "C\x01x\x85R."),
    "signature without a task": bad(named("celery.canvas.signature"), "}\x85R."),
    "exception with a list as state": bad(named("builtins.ValueError"), ")R]b."),
  },
  nested: (depth) => pickle("]".repeat(depth), "K\x01", "a".repeat(depth), "."),
});

describe("what Python pickles", () => {
  const allowing = createPickleSerializer({ exactFloats: true, allow: ["vector_app.*"] });
  const cases = vectors<PickleVector[]>("pickles").flatMap(({ name, protocols }) =>
    Object.entries(protocols).map(([protocol, body]) => ({
      name,
      protocol,
      body: Buffer.from(body, "base64"),
    })),
  );

  test.each(cases)("$name in protocol $protocol", ({ name, protocol, body }) => {
    const [since, lost] = LOST[name] ?? [0, undefined];
    const value = spell(Number(protocol) < since ? lost : PICKLED[name]);
    expect(spell(allowing.deserialize(body, DEFAULT_LIMITS))).toEqual(value);
    // What was read can be written, and is the same again.
    const again = allowing.serialize(allowing.deserialize(body, DEFAULT_LIMITS));
    expect(spell(allowing.deserialize(again, DEFAULT_LIMITS))).toEqual(value);
  });

  test("task messages", () => {
    const messages = vectors<RedisVector[]>("tasks").filter(({ name }) => /^v2-pickle-plain/.test(name));
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) {
      if (message.transport !== "redis") continue;
      const { body } = JSON.parse(message.raw) as { body: string };
      const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
      const kwargs = { ...RECORDED_RICH, tup: tuple(1, 2), s: new Set([1]) };
      expect(spell(read(Buffer.from(body, "base64")))).toEqual(
        spell(tuple<unknown>(tuple<unknown>(1, "two"), kwargs, embed)),
      );
    }
  });
});

describe("createPickleSerializer", () => {
  test("keeps floats apart from ints when asked to", () => {
    fc.assert(
      fc.property(anyExactPickleValue, (value) => {
        expect(spell(exact.deserialize(exact.serialize(value), DEFAULT_LIMITS))).toEqual(spell(value));
      }),
      { numRuns: 1000 },
    );
    expect(read(pickleSerializer.serialize([1, float(1), 1.5]))).toEqual([1, 1, 1.5]);
  });

  const point = new PickledObject("myapp.models", "Point", [1, 2], { x: 1 });

  test("reads and writes what is allowed as data", () => {
    const bytes = pickle(START, stackNamed("myapp.models.Point"), "K\x01K\x02\x86R}", text("x"), "K\x01sb.");
    for (const allow of [["myapp.models.Point"], ["myapp.models.*"]]) {
      const allowing = createPickleSerializer({ allow });
      expect(allowing.deserialize(bytes, DEFAULT_LIMITS)).toEqual(point);
      expect(allowing.deserialize(allowing.serialize({ point }), DEFAULT_LIMITS)).toEqual({ point });
    }
    for (const allow of [
      ["myapp.models.User"],
      ["myapp.*"],
      ["myapp.models.Point.*"],
      ["yapp.models.Point"],
    ]) {
      const other = createPickleSerializer({ allow });
      expect(() => other.deserialize(bytes, DEFAULT_LIMITS)).toThrow(
        /myapp\.models\.Point, .*allow: \["myapp\.models\.Point"\]/,
      );
      expect(() => other.serialize([{ point }])).toThrow(/\$\[0\]\.point: .*myapp\.models\.Point/);
    }
  });

  test("has no name that does more than others: what is allowed is data", () => {
    const allowing = createPickleSerializer({ allow: ["os.system"] });
    const body = pickle(named("os.system"), text("touch /tmp/never"), "\x85R.");
    expect(allowing.deserialize(body, DEFAULT_LIMITS)).toEqual(
      new PickledObject("os", "system", ["touch /tmp/never"]),
    );
  });

  test.each(["", "*", "my app", "myapp.*.models", "myapp.mod*", "myapp\n"])(
    "refuses to allow %j",
    (entry) => {
      expect(() => createPickleSerializer({ allow: [entry] })).toThrow(ConfigurationError);
    },
  );

  test("writes exceptions of unknown classes in Celery's wrapper, so that nothing is called in Python", () => {
    const error = new PythonError("system", ["touch /tmp/never"], "os");
    const bytes = Buffer.from(pickleSerializer.serialize(error));
    expect(bytes.includes("UnpickleableExceptionWrapper")).toBe(true);
    expect(read(bytes)).toEqual(new PythonError("system", tuple("touch /tmp/never"), "os"));
  });

  test("names the place of what it cannot write", () => {
    const write = (value: unknown): unknown => pickleSerializer.serialize(value);
    expect(() => write({ args: [{ x: () => 1 }] })).toThrow(
      "pickle cannot carry the value at $.args[0].x: a function cannot be sent.",
    );
    expect(() => write(new PythonError("ValueError", [1, Symbol("s")]))).toThrow(/at \$\.args\[1\]:/);
    expect(() => write(new Map([[tuple(1, 2), [Symbol("s")]]]))).toThrow(/at \$\["\(1, 2\)"\]\[0\]:/);
    expect(() => write(new OrderedDict([["k", /x/]]))).toThrow(EncodeError);
  });

  test("gives shared containers as one, and hands out bytes of their own", () => {
    const [first, second] = read(pickle("](]q\0h\0e.")) as [unknown, unknown];
    expect(first).toBe(second);
    const body = Buffer.from(pickleSerializer.serialize([Buffer.from("secret")]));
    const [bytes] = read(body) as [Uint8Array];
    body.fill(0);
    expect(Buffer.from(bytes).toString()).toBe("secret");
  });

  test("gives dicts of strings as objects, others as Map", () => {
    const object = read(pickleSerializer.serialize(new Map([["a", 1]])));
    expect(isPlainObject(object)).toBe(true);
    expect(read(pickleSerializer.serialize(new Map([[1, "a"]])))).toEqual(new Map([[1, "a"]]));
    expect(read(pickleSerializer.serialize([tuple(1)]))).toEqual([Tuple.of(1)]);
  });
});

test("the folder imports nothing that could do more than compute", () => {
  const folder = new URL("../../codecs/pickle/", import.meta.url);
  const imports = readdirSync(folder).flatMap((name) =>
    [...readFileSync(new URL(name, folder), "utf8").matchAll(/from "([^"]+)"|import\(|require\(/g)].map(
      ([whole, from]) => from ?? whole,
    ),
  );
  const outside = [...new Set(imports)].filter((from) => !/^(\.\/|\.\.\/\.\.\/protocol\/)/.test(from)).sort();
  expect(outside).toEqual([
    "../limits.ts",
    "../python-time.ts",
    "../serializer.ts",
    "../utf8.ts",
    "node:buffer",
    "temporal-polyfill",
  ]);
});
