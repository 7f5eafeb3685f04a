/** A serializer and a compressor of someone else's, both off the event loop, as docs/codecs.md registers them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApp } from "../../app/index.ts";
import { type Compressor, createCodecs, jsonSerializer, type Serializer } from "../../codecs/index.ts";
import { DecodeError } from "../../protocol/index.ts";
import { testCompressor, testSerializer } from "../../testing/index.ts";
import { anyText, treeOf } from "../../testing/values.ts";
import { createWorker } from "../../worker/index.ts";
import { publishRaw, takeMessages } from "../helpers/worker.ts";

const later = <T>(work: () => T | Promise<T>): Promise<T> =>
  new Promise((resolve) => setImmediate(resolve)).then(work);

const MARK = Buffer.from("enveloped:");

/** JSON behind a mark. */
const enveloped: Serializer = {
  name: "enveloped",
  contentType: "application/x-enveloped",
  contentEncoding: "binary",
  serialize: (value) => later(() => Buffer.concat([MARK, jsonSerializer.serialize(value)])),
  deserialize: (bytes, limits) =>
    later(() => {
      const rest = Buffer.from(bytes).subarray(MARK.length);
      if (!Buffer.from(bytes).subarray(0, MARK.length).equals(MARK))
        throw new DecodeError("bad_body", "The mark is missing.");
      return jsonSerializer.deserialize(rest, { ...limits, maxBytes: limits.maxBytes - MARK.length });
    }),
};

const zlib = createCodecs().compressor("zlib");
/** zlib behind a byte. */
const squeezed: Compressor = {
  name: "squeezed",
  aliases: ["squeeze"],
  contentType: "application/x-squeezed",
  compress: (bytes) => later(async () => Buffer.concat([Buffer.of(1), await zlib.compress(bytes)])),
  decompress: (bytes, maxBytes) =>
    later(() => {
      if (bytes[0] !== 1) throw new DecodeError("bad_compression", "The first byte is not 1.");
      return zlib.decompress(bytes.subarray(1), maxBytes);
    }),
};

testSerializer({
  serializer: enveloped,
  values: treeOf(fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeInteger(), anyText), anyText),
  unencodable: {},
  malformed: { "no mark": ["{}", "bad_body"], "no JSON": ["enveloped:{", "bad_body"] },
  nested: (depth) => `enveloped:${"[".repeat(depth)}1${"]".repeat(depth)}`,
  runs: 200,
});
testCompressor({ compressor: squeezed, runs: 200 });

describe("an app with codecs of its own", () => {
  const codecs = createCodecs({ add: [enveloped, squeezed] });
  const settings = {
    brokerUrl: "memory://third-party",
    resultBackend: "cache+memory://third-party",
    taskSerializer: "enveloped",
    taskCompression: "squeeze",
    resultSerializer: "enveloped",
    resultCompression: "squeezed",
    acceptContent: ["enveloped"],
  };

  test("sends, runs and answers with them", async () => {
    const app = createApp({ ...settings, env: {}, codecs });
    const add = app.task("add", (x: number, y: number) => x + y);
    const worker = createWorker({ app });
    try {
      const result = await add.delay(2, 3);
      const [delivery] = await takeMessages(app, "celery", 1);
      expect(delivery?.message).toMatchObject({
        contentType: "application/x-enveloped",
        headers: { compression: "application/x-squeezed" },
      });
      expect(delivery?.message?.body[0]).toBe(1);
      await publishRaw(app, "celery", delivery?.message ?? {});
      await worker.start();
      expect(await result.get({ timeoutMs: 10_000 })).toBe(5);
    } finally {
      await worker.stop();
      await app.close();
    }
  });

  test("does not read them without", async () => {
    expect(() => createApp({ ...settings, env: {} }).producer.prepare("add", {})).toThrow(
      'There is no serializer named "enveloped"',
    );
  });
});
