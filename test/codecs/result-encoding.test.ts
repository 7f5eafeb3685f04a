import { deflateSync } from "node:zlib";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import {
  createCodecs,
  createResultEncoding,
  DEFAULT_LIMITS,
  type ResultEncoding,
  type ResultEncodingOptions,
} from "../../codecs/index.ts";
import {
  Decimal,
  DecodeError,
  exceptionOf,
  PickledObject,
  parseResultDocument,
  tuple,
  Uuid,
} from "../../protocol/index.ts";
import { spell } from "../../testing/values.ts";
import { type PickleVector, vectors } from "../helpers/vectors.ts";

const codecs = createCodecs();

function encodingOf(name: string, changed: Partial<ResultEncodingOptions> = {}): ResultEncoding {
  return createResultEncoding({
    serializer: codecs.serializer(name),
    accept: [name],
    codecs,
    limits: DEFAULT_LIMITS,
    ...changed,
  });
}

async function rejection(encoding: ResultEncoding, bytes: Uint8Array): Promise<string> {
  try {
    await encoding.decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return error.code;
    throw error;
  }
  return "no error";
}

interface BackendVector {
  readonly backend: string;
  readonly state: string;
  readonly value_b64: string;
}

describe("createResultEncoding", () => {
  // Stores that keep a document as one value: databases have columns, and rpc sends messages.
  const documents = vectors<{ records: BackendVector[] }>("results_backends").records.filter(
    ({ backend, state }) => /^(redis|file|memcached)/.test(backend) && state !== "GROUP",
  );
  const serializerOf = (backend: string): string => /msgpack|yaml|pickle/.exec(backend)?.[0] ?? "json";

  test.each(documents)("reads $state of $backend", async ({ backend, state, value_b64 }) => {
    const bytes = Buffer.from(value_b64, "base64");
    const document = parseResultDocument(await encodingOf(serializerOf(backend)).decode(bytes), "id");
    expect(document).toMatchObject({ status: state, task_id: expect.stringMatching(/^0f0f0f0f-/) });
    if (state === "FAILURE")
      expect(exceptionOf(document)).toEqual({
        exc_type: "ValueError",
        exc_message: ["bad", 42],
        exc_module: "builtins",
      });
  });

  test("reads typed values in a recorded result", async () => {
    const { results } = vectors<{ results: { name: string; value: string }[] }>("results_redis_json");
    const rich = results.find(({ name }) => name === "rich");
    const { result } = parseResultDocument(
      await encodingOf("json").decode(Buffer.from(rich?.value ?? "")),
      "id",
    );
    expect(spell(result)).toEqual(
      spell({
        dt: Temporal.ZonedDateTime.from("2024-02-29T12:00:01.000005+00:00[+00:00]"),
        d: Temporal.PlainDate.from("2024-02-29"),
        t: Temporal.PlainTime.from("01:02:03.000004"),
        dec: new Decimal("1.10"),
        u: new Uuid("00000000-0000-0000-0000-000000000001"),
        b: Uint8Array.from(Buffer.from("hi")),
        b2: Uint8Array.of(0xff, 0x00),
        tup: [1, 2],
        none: null,
        nested: [{ x: 1.5 }],
      }),
    );
  });

  test("writes compressed results with Celery's marker, and reads both kinds whatever it writes", async () => {
    const document = { status: "SUCCESS", result: "x".repeat(100) };
    const plain = encodingOf("json");
    const compressed = encodingOf("json", { compressor: codecs.compressor("gzip") });
    const bytes = Buffer.from(await compressed.encode(document));
    expect(bytes.subarray(0, 39).toString()).toBe("\0celery-compressed\0application/x-gzip\0x");
    expect(await plain.decode(bytes)).toEqual(document);
    expect(await compressed.decode(await plain.encode(document))).toEqual(document);
    expect(Buffer.from(await plain.encode(document)).toString()).toBe(JSON.stringify(document));
  });

  test.each<[string, string, string]>([
    ["garbage", "not json", "bad_result"],
    ["empty", "", "bad_result"],
    ["a marker without a type", "\0celery-compressed\0", "bad_compression"],
    ["an unknown compression", "\0celery-compressed\0application/x-nope\0abc", "bad_compression"],
    ["damaged compressed data", "\0celery-compressed\0application/x-gzip\0abc", "bad_compression"],
    ["deep nesting", "[".repeat(300), "too_deep"],
  ])("refuses %s", async (_, text, code) => {
    expect(await rejection(encodingOf("json"), Buffer.from(text))).toBe(code);
  });

  test("limits results before and after decompression", async () => {
    const encoding = encodingOf("json", { limits: { maxBytes: 200, maxDepth: 10 } });
    const bomb = Buffer.concat([
      Buffer.from("\0celery-compressed\0application/x-gzip\0"),
      deflateSync(Buffer.alloc(10_000)),
    ]);
    expect(await rejection(encoding, bomb)).toBe("too_large");
    expect(await rejection(encoding, Buffer.alloc(201, " "))).toBe("too_large");
  });

  test("reads pickles where they are accepted, whatever its own serializer", () => {
    const pickle = codecs.serializer("pickle").serialize({ status: "SUCCESS", result: tuple(1, 2) });
    if (pickle instanceof Promise) throw new Error("the serializer of pickles returns no promises");
    const both = encodingOf("json", { accept: ["json", "pickle"] });
    expect(spell(both.decode(pickle))).toEqual(spell({ status: "SUCCESS", result: tuple(1, 2) }));
    expect(both.decode(Buffer.from('{"status": "SUCCESS"}'))).toEqual({ status: "SUCCESS" });
    expect(() => encodingOf("json").decode(pickle)).toThrow(/pickle .* is refused: accept_content has json/);
    // One byte of 0x80 is an empty map.
    expect(encodingOf("msgpack").decode(Buffer.of(0x80))).toEqual({});
    expect(() => encodingOf("msgpack").decode(pickle)).toThrow(/pickle .* is refused/);
    const without = createCodecs({ serializers: [codecs.serializer("json")] });
    expect(() => encodingOf("json", { codecs: without }).decode(pickle)).toThrow(
      /no serializer for pickle is installed/,
    );
  });

  test("reads the failures that Celery pickles as they are", () => {
    const boom = vectors<PickleVector[]>("pickles").find(
      ({ name }) => name === "a failure of the application",
    );
    const body = Buffer.from(boom?.protocols["4"] ?? "", "base64");
    const document = parseResultDocument(encodingOf("pickle").decode(body), "id");
    expect(exceptionOf(document)).toEqual({
      exc_type: "Boom",
      exc_message: ["a", 1],
      exc_module: "vector_app",
    });
    // Celery's database keeps the exception alone, where its class must be known or allowed.
    const alone = new PickledObject("myapp", "Boom", ["a"]);
    expect(exceptionOf(parseResultDocument({ status: "FAILURE", result: alone }, "id"))).toEqual({
      exc_type: "Boom",
      exc_message: ["a"],
      exc_module: "myapp",
    });
  });

  test("refuses its own serializer when it is not accepted", async () => {
    const encoding = encodingOf("yaml", { accept: ["json"] });
    expect(await rejection(encoding, await encoding.encode({ status: "SUCCESS" }))).toBe("content_refused");
    expect(() => encodingOf("json", { accept: ["jsn"] })).toThrow('no serializer named "jsn"');
  });
});
