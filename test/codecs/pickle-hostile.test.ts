import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createPickleSerializer, DEFAULT_LIMITS, pickleSerializer } from "../../codecs/index.ts";
import { DecodeError, PythonError } from "../../protocol/index.ts";
import { named, pickle, text } from "./pickle-assembly.ts";
import { BOMBS } from "./pickle-bombs.ts";
import { HOSTILE } from "./pickle-hostile.ts";

const read = (body: Uint8Array): unknown => pickleSerializer.deserialize(body, DEFAULT_LIMITS);

function rejection(body: Uint8Array): DecodeError {
  try {
    read(body);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error("The pickle was read.");
}

describe("a hostile pickle", () => {
  test.each(Object.entries(HOSTILE))("is refused: %s", (_, body) => {
    expect(rejection(body).code).toBe("pickle_refused");
  });

  test("there are many of them", () => {
    expect(Object.keys(HOSTILE).length).toBeGreaterThan(150);
  });

  test("is named by what it names", () => {
    expect(rejection(pickle(named("posix.system"), text("id"), "\x85R.")).message).toBe(
      'A pickle names posix.system, which is beyond plain data; it is refused. To read objects of that class as data, use createPickleSerializer({ allow: ["posix.system"] }).',
    );
    const long = rejection(pickle("c", "x".repeat(900), '\n"\x1b[2J\n.')).message;
    expect(long.length).toBeLessThan(1000);
    expect(rejection(pickle('cos\n"\x1b[2J\n.')).message).toContain('os.\\"\\u001b[2J');
  });

  test("is an exception where one is expected, and does nothing there", () => {
    const touch = "/tmp/celerity-pickle-test-never";
    const body = pickle(
      "}(",
      text("status"),
      text("FAILURE"),
      text("result"),
      named("os.system"),
      text(`touch ${touch}`),
      "\x85Ru.",
    );
    expect(read(body)).toEqual({
      status: "FAILURE",
      result: new PythonError("system", expect.anything(), "os"),
    });
    expect(existsSync(touch)).toBe(false);
    // Written again it cannot be called by Python either.
    const again = Buffer.from(pickleSerializer.serialize(read(body))).toString("latin1");
    expect(again).toContain("UnpickleableExceptionWrapper");
  });

  test("is data in other pickles", () => {
    const inner = pickle(named("os.system"), text("id"), "\x85R.");
    expect(read(pickle("C", inner.length, inner, "."))).toEqual(new Uint8Array(inner));
  });
});

describe("a pickle bomb", () => {
  const megabytes = (): number => process.memoryUsage().rss / 1024 / 1024;

  test.each(Object.entries(BOMBS))("does not go off: %s", (_, { body, code }) => {
    const before = megabytes();
    if (code === undefined) read(body);
    else expect(rejection(body).code).toBe(code);
    expect(megabytes() - before).toBeLessThan(body.length < 100_000 ? 64 : 200);
  });

  test("stops where the stack would, when the limits are beyond it", () => {
    const limits = { maxBytes: DEFAULT_LIMITS.maxBytes, maxDepth: 1_000_000 };
    const deep = pickle("]".repeat(400_000), "a".repeat(399_999), ".");
    expect(() => createPickleSerializer().deserialize(deep, limits)).toThrow(DecodeError);
  });
});
