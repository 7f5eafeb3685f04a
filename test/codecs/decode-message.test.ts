import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  builtinSerializers,
  type Compressor,
  createCodecs,
  createResultEncoding,
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

async function rejection(encoded: EncodedMessage, changed: Partial<DecodeOptions> = {}): Promise<string> {
  try {
    await decodeBody(encoded, { ...options, ...changed });
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
  const known = /^v[12]-(json|yaml|msgpack)-/;
  const recorded = vectors<TaskVector[]>("tasks");

  test.each(recorded.filter(({ name }) => known.test(name)))(
    "reads $name over $transport",
    async (vector) => {
      const body = await decodeBody(received(vector), options);
      const kwargs = vector.name.includes("json") ? RECORDED_RICH : RECORDED_PLAIN;
      if (vector.name.startsWith("v2")) {
        const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
        expect(spell(body)).toEqual(spell([[1, "two"], kwargs, embed]));
      } else {
        expect(body).toMatchObject({ task: "wire.echo", args: [1, "two"], utc: true });
        expect(spell((body as { kwargs: unknown }).kwargs)).toEqual(spell(kwargs));
      }
    },
  );

  test.each(recorded.filter(({ name }) => !known.test(name)))(
    "refuses $name over $transport",
    async (vector) => {
      expect(await rejection(received(vector))).toBe("content_refused");
    },
  );

  test("looks at no byte of a refused body", async () => {
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
    expect(await rejection(message("x", bomb), { codecs: extended })).toBe("content_refused");
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
  ])("%s", async (_, encoded, expected) => {
    expect(await rejection(encoded)).toBe(expected);
  });

  test("limits bodies before and after decompression", async () => {
    const limits = { maxBytes: 100, maxDepth: 5 };
    expect(await rejection(message(" ".repeat(101)), { limits })).toBe("too_large");
    expect(await rejection(message(" ".repeat(101), { contentType: undefined }), { limits })).toBe(
      "too_large",
    );
    const compression = { compression: "application/x-gzip" };
    expect(
      await rejection(message(deflateSync(`"${"x".repeat(99)}"`), { headers: compression }), { limits }),
    ).toBe("too_large");
    expect(await rejection(message(Buffer.alloc(101), { headers: compression }), { limits })).toBe(
      "too_large",
    );
    expect(await rejection(message("[[[[[[]]]]]]"), { limits })).toBe("too_deep");
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
  ])("hands over %s in %s without a serializer", async (contentType, contentEncoding, body, value) => {
    const accept = ["json", "text/plain"];
    const encoded = message(Uint8Array.from(body), { contentType, contentEncoding });
    expect(spell(await decodeBody(encoded, { ...options, accept }))).toEqual(spell(value));
  });

  test.each([
    ["utf-8", [0xff]],
    ["us-ascii", [0xc5]],
  ])("refuses text that is not %s", async (contentEncoding, body) => {
    expect(await rejection(message(Uint8Array.from(body), { contentType: undefined, contentEncoding }))).toBe(
      "bad_body",
    );
  });

  test("throws nothing but DecodeError, whatever the message", async () => {
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
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array(),
        types,
        encodings,
        compressions,
        async (body, contentType, contentEncoding, compression) => {
          await rejection({ body, contentType, contentEncoding, headers: { compression } });
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("encodeBody", () => {
  const value = [[1, "ż"], {}, {}];

  test.each(builtinSerializers)("describes the body of $name", async (serializer) => {
    const { body, ...description } = await encodeBody(value, serializer);
    expect(description).toEqual({
      contentType: serializer.contentType,
      contentEncoding: serializer.contentEncoding,
      compressionHeader: undefined,
    });
    const accepting = { ...options, accept: [serializer.name] };
    expect(await decodeBody({ body, headers: {}, ...description }, accepting)).toEqual(value);
  });

  test("compresses what was serialized", async () => {
    const { body, compressionHeader, ...description } = await encodeBody(
      value,
      codecs.serializer("json"),
      codecs.compressor("gzip"),
    );
    expect(compressionHeader).toBe("application/x-gzip");
    expect(description).toEqual({ contentType: "application/json", contentEncoding: "utf-8" });
    expect(body[0]).toBe(0x78);
    expect(
      await decodeBody({ body, headers: { compression: compressionHeader }, ...description }, options),
    ).toEqual(value);
  });
});

describe("codecs that work off the event loop", () => {
  const later = <T>(work: () => T | Promise<T>): Promise<T> =>
    new Promise((resolve) => setImmediate(resolve)).then(work);
  const json = codecs.serializer("json");
  const zlib = codecs.compressor("zlib");
  const slow: Serializer = {
    ...json,
    name: "slow",
    contentType: "application/x-slow",
    serialize: (value) => later(() => json.serialize(value)),
    deserialize: (bytes, limits) => later(() => json.deserialize(bytes, limits)),
  };
  const squeeze: Compressor = {
    name: "squeeze",
    aliases: [],
    contentType: "application/x-squeeze",
    compress: (bytes) => later(() => zlib.compress(bytes)),
    decompress: (bytes, maxBytes) => later(() => zlib.decompress(bytes, maxBytes)),
  };
  const extended: DecodeOptions = {
    codecs: createCodecs({ serializers: [slow], compressors: [squeeze] }),
    accept: ["slow"],
    limits: DEFAULT_LIMITS,
  };

  test("write and read a body", async () => {
    const { body, contentType, contentEncoding, compressionHeader } = await encodeBody([1], slow, squeeze);
    const headers = { compression: compressionHeader };
    expect(await decodeBody({ body, contentType, contentEncoding, headers }, extended)).toEqual([1]);
    expect(
      await rejection({ body: Buffer.from("["), contentType, contentEncoding, headers: {} }, extended),
    ).toBe("bad_body");
    expect(await rejection({ body: Buffer.from("x"), contentType, contentEncoding, headers }, extended)).toBe(
      "bad_compression",
    );
  });

  test("write and read a result", async () => {
    const encoding = createResultEncoding({ ...extended, serializer: slow, compressor: squeeze });
    const document = { status: "SUCCESS" };
    expect(await encoding.decode(await encoding.encode(document))).toEqual(document);
    await expect(Promise.resolve(encoding.decode(Buffer.from("[")))).rejects.toMatchObject({
      code: "bad_result",
    });
  });
});
