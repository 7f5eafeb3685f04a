import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  builtinSerializers,
  createCodecs,
  DEFAULT_LIMITS,
  type DecodeOptions,
  decodeBody,
  type EncodedMessage,
  encodeBody,
  type Serializer,
} from "../../codecs/index.ts";
import { DecodeError, readEnvelope } from "../../protocol/index.ts";
import { spell } from "../../testing/values.ts";
import { type TaskVector, vectors } from "../helpers/vectors.ts";
import { RECORDED_PLAIN, RECORDED_RICH } from "./recorded-values.ts";

const codecs = createCodecs();
const options: DecodeOptions = { codecs, accept: ["json", "yaml", "msgpack"], limits: DEFAULT_LIMITS };
const message = (body: string | Uint8Array, parts: Partial<EncodedMessage> = {}): EncodedMessage => ({
  body: typeof body === "string" ? Buffer.from(body) : body,
  contentType: "application/json",
  contentEncoding: "utf-8",
  headers: {},
  ...parts,
});

function rejection(encoded: EncodedMessage, changed: Partial<DecodeOptions> = {}): string {
  try {
    decodeBody(encoded, { ...options, ...changed });
  } catch (error) {
    if (error instanceof DecodeError) return error.code;
    throw error;
  }
  return "no error";
}

/** The message of a vector, as a transport would hand it out. */
function received(vector: TaskVector): EncodedMessage {
  if (vector.transport === "redis") return readEnvelope(vector.raw).message;
  const { content_type, content_encoding } = vector.properties;
  return {
    body: Buffer.from(vector.body_b64, "base64"),
    contentType: String(content_type),
    contentEncoding: String(content_encoding),
    headers: vector.headers,
  };
}

describe("decodeBody", () => {
  const known = /^v[12]-(json|yaml|msgpack)-(plain|zlib)$/;
  const recorded = vectors<TaskVector[]>("tasks");

  test.each(recorded.filter(({ name }) => known.test(name)))("reads $name over $transport", (vector) => {
    const body = decodeBody(received(vector), options);
    const kwargs = vector.name.includes("json") ? RECORDED_RICH : RECORDED_PLAIN;
    if (vector.name.startsWith("v2")) {
      const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
      expect(spell(body)).toEqual(spell([[1, "two"], kwargs, embed]));
    } else {
      expect(body).toMatchObject({ task: "wire.echo", args: [1, "two"], utc: true });
      expect(spell((body as { kwargs: unknown }).kwargs)).toEqual(spell(kwargs));
    }
  });

  test.each(recorded.filter(({ name }) => !known.test(name)))("refuses $name over $transport", (vector) => {
    const code = vector.name.includes("pickle") ? "content_refused" : "bad_compression";
    expect(rejection(received(vector))).toBe(code);
  });

  test("looks at no byte of a refused body", () => {
    const spy: Serializer = {
      name: "spy",
      contentType: "application/x-spy",
      contentEncoding: "binary",
      serialize: () => Buffer.of(),
      deserialize() {
        throw new Error("the body was read");
      },
    };
    const extended = createCodecs({ serializers: [...builtinSerializers, spy] });
    const bomb = { contentType: "application/x-spy", headers: { compression: "no such thing" } };
    expect(rejection(message("x", bomb), { codecs: extended })).toBe("content_refused");
    expect(() =>
      decodeBody(message("x", { contentType: "application/x-spy" }), {
        ...options,
        codecs: extended,
        accept: ["spy"],
      }),
    ).toThrow("the body was read");
  });

  test.each<[string, EncodedMessage, unknown]>([
    ["empty body", message(""), "bad_body"],
    ["no content type", message("[]", { contentType: undefined }), "no error"],
    ["unknown content type", message("[]", { contentType: "application/x-nope" }), "content_refused"],
    [
      "pickle",
      message(Buffer.of(0x80, 4, 0x4e, 0x2e), { contentType: "application/x-python-serialize" }),
      "content_refused",
    ],
    ["unknown encoding", message("[]", { contentEncoding: "klingon" }), "bad_encoding"],
    ["encoding of another case", message("[]", { contentEncoding: "UTF-8" }), "no error"],
    ["no encoding", message("[]", { contentEncoding: undefined }), "no error"],
    ["encoding that JSON ignores", message("[]", { contentEncoding: "binary" }), "no error"],
    [
      "unknown compression",
      message("[]", { headers: { compression: "application/x-nope" } }),
      "bad_compression",
    ],
    ["compression that is a number", message("[]", { headers: { compression: 1 } }), "bad_compression"],
    ["compression null", message("[]", { headers: { compression: null } }), "no error"],
    ["compression empty", message("[]", { headers: { compression: "" } }), "no error"],
    ["compression by alias", message(deflateSync("[]"), { headers: { compression: "gzip" } }), "no error"],
    ["body not compressed", message("[]", { headers: { compression: "zlib" } }), "bad_compression"],
    ["real gzip", message(gzipSync("[]"), { headers: { compression: "gzip" } }), "bad_compression"],
    [
      "body compressed twice",
      message(deflateSync(deflateSync("[]")), { headers: { compression: "zlib" } }),
      "bad_body",
    ],
  ])("%s", (_, encoded, expected) => {
    expect(rejection(encoded)).toBe(expected);
  });

  test("limits bodies before and after decompression", () => {
    const limits = { maxBytes: 100, maxDepth: 5 };
    expect(rejection(message(" ".repeat(101)), { limits })).toBe("too_large");
    expect(rejection(message(" ".repeat(101), { contentType: undefined }), { limits })).toBe("too_large");
    const compression = { compression: "application/x-gzip" };
    expect(rejection(message(deflateSync(`"${"x".repeat(99)}"`), { headers: compression }), { limits })).toBe(
      "too_large",
    );
    expect(rejection(message(Buffer.alloc(101), { headers: compression }), { limits })).toBe("too_large");
    expect(rejection(message("[[[[[[]]]]]]"), { limits })).toBe("too_deep");
  });

  test.each<
    [contentType: string | undefined, contentEncoding: string | undefined, body: number[], value: unknown]
  >([
    [undefined, undefined, [0xc5, 0xbc], "ż"],
    ["application/data", "utf-8", [0xc5, 0xbc], "ż"],
    ["application/text", "us-ascii", [0x61], "a"],
    ["application/data", "latin-1", [0xe9], "é"],
    ["application/data", "binary", [0xff, 0], Uint8Array.of(0xff, 0)],
    ["application/data", "ASCII-8BIT", [0xff], Uint8Array.of(0xff)],
    ["application/data", "utf-8", [], ""],
    ["text/plain", "utf-8", [0x61], "a"],
  ])("hands over %s in %s without a serializer", (contentType, contentEncoding, body, value) => {
    const accept = ["json", "text/plain"];
    const encoded = message(Uint8Array.from(body), { contentType, contentEncoding });
    expect(spell(decodeBody(encoded, { ...options, accept }))).toEqual(spell(value));
  });

  test.each([
    ["utf-8", [0xff]],
    ["us-ascii", [0xc5]],
  ])("refuses text that is not %s", (contentEncoding, body) => {
    expect(rejection(message(Uint8Array.from(body), { contentType: undefined, contentEncoding }))).toBe(
      "bad_body",
    );
  });

  test("throws nothing but DecodeError, whatever the message", () => {
    const types = fc.constantFrom(
      undefined,
      "application/json",
      "application/x-yaml",
      "application/x-msgpack",
      "application/data",
      "x",
    );
    const encodings = fc.constantFrom(undefined, "utf-8", "binary", "us-ascii", "x");
    const compressions = fc.constantFrom(undefined, "gzip", "application/x-gzip", "x", 1, null);
    fc.assert(
      fc.property(
        fc.uint8Array(),
        types,
        encodings,
        compressions,
        (body, contentType, contentEncoding, compression) => {
          rejection({ body, contentType, contentEncoding, headers: { compression } });
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("encodeBody", () => {
  const value = [[1, "ż"], {}, {}];

  test.each(builtinSerializers)("describes the body of $name", (serializer) => {
    const { body, ...description } = encodeBody(value, serializer);
    expect(description).toEqual({
      contentType: serializer.contentType,
      contentEncoding: serializer.contentEncoding,
      compressionHeader: undefined,
    });
    expect(decodeBody({ body, headers: {}, ...description }, options)).toEqual(value);
  });

  test("compresses what was serialized", () => {
    const { body, compressionHeader, ...description } = encodeBody(
      value,
      codecs.serializer("json"),
      codecs.compressor("gzip"),
    );
    expect(compressionHeader).toBe("application/x-gzip");
    expect(description).toEqual({ contentType: "application/json", contentEncoding: "utf-8" });
    expect(body[0]).toBe(0x78);
    expect(
      decodeBody({ body, headers: { compression: compressionHeader }, ...description }, options),
    ).toEqual(value);
  });
});
