import { describe, expect, test } from "vitest";
import {
  type Compressor,
  checkAccept,
  createCodecs,
  requireAccepted,
  type Serializer,
} from "../../codecs/index.ts";
import { ConfigurationError, DecodeError } from "../../protocol/index.ts";

const codecs = createCodecs();
const upper: Serializer = {
  name: "upper",
  contentType: "application/x-upper",
  contentEncoding: "utf-8",
  serialize: (value) => Buffer.from(String(value).toUpperCase()),
  deserialize: (bytes) => Buffer.from(bytes).toString(),
};

describe("createCodecs", () => {
  // kombu/serialization.py.
  test.each([
    ["json", "application/json", "utf-8"],
    ["msgpack", "application/x-msgpack", "binary"],
    ["yaml", "application/x-yaml", "utf-8"],
    ["pickle", "application/x-python-serialize", "binary"],
  ])("knows %s by name and MIME type", (name, contentType, contentEncoding) => {
    expect(codecs.serializer(name)).toMatchObject({ name, contentType, contentEncoding });
    expect(codecs.serializer(contentType)).toBe(codecs.serializer(name));
    expect(codecs.serializerOf(contentType)).toBe(codecs.serializer(name));
    expect(codecs.serializerOf(name)).toBeUndefined();
    expect(codecs.contentTypeOf(name)).toBe(contentType);
  });

  // kombu/compression.py.
  test.each([
    ["application/x-gzip", "zlib", "gzip"],
    ["application/x-bz2", "bzip2", "bzip"],
    ["application/x-brotli", "brotli"],
    ["application/x-lzma", "lzma", "xz"],
    ["application/zstd", "zstd", "zstandard"],
  ])("knows the compression %s by all its names", (contentType, name, ...aliases) => {
    for (const known of [contentType, name, ...aliases]) {
      expect(codecs.compressor(known)).toMatchObject({ name, contentType });
      expect(codecs.compressorOf(known)).toBe(codecs.compressor(name));
    }
  });

  test("says what it knows when asked for something else", () => {
    expect(() => codecs.serializer("jsn")).toThrow(
      new ConfigurationError('There is no serializer named "jsn"; known are json, msgpack, yaml, pickle.'),
    );
    expect(() => codecs.compressor("lz4")).toThrow(ConfigurationError);
    expect(codecs.serializerOf("constructor")).toBeUndefined();
    expect(codecs.compressorOf("__proto__")).toBeUndefined();
  });

  test("takes further serializers, the last of a MIME type first", () => {
    const json: Serializer = { ...upper, name: "strict-json", contentType: "application/json" };
    const extended = createCodecs({ add: [upper, json] });
    expect(extended.serializer("upper")).toBe(upper);
    expect(extended.serializerOf("application/json")).toBe(json);
    expect(extended.serializer("json")).toBe(codecs.serializer("json"));
    expect(() => codecs.serializer("upper")).toThrow(ConfigurationError);
  });

  test("takes further compressors, in place of the built-in ones too", () => {
    const plain: Compressor = {
      name: "plain",
      aliases: ["none"],
      contentType: "application/x-plain",
      compress: (bytes) => bytes,
      decompress: (bytes) => bytes,
    };
    expect(createCodecs({ add: [plain] }).compressorOf("none")).toBe(plain);
    expect(createCodecs({ add: [plain] }).compressor("zlib")).toBe(codecs.compressor("zlib"));
    const only = createCodecs({ serializers: [upper], compressors: [plain] });
    expect(only.compressorOf("gzip")).toBeUndefined();
    expect(only.serializerOf("application/json")).toBeUndefined();
    const replaced = { ...plain, name: "zlib", aliases: ["gzip"], contentType: "application/x-gzip" };
    expect(createCodecs({ add: [replaced] }).compressorOf("application/x-gzip")).toBe(replaced);
  });
});

describe("requireAccepted", () => {
  const isAccepted = (contentType: string, accept: readonly string[]): boolean => {
    try {
      requireAccepted(contentType, accept, codecs);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
      expect(error).toHaveProperty("code", "content_refused");
      return false;
    }
  };

  test.each<[contentType: string, accept: string[], accepted: boolean]>([
    ["application/json", ["json"], true],
    ["application/json", ["application/json"], true],
    ["application/json", ["yaml", "json"], true],
    ["application/json", ["yaml"], false],
    ["application/json", [], false],
    // kombu compares MIME types as they are.
    ["application/JSON", ["json"], false],
    ["application/json; charset=utf-8", ["json"], false],
    ["json", ["json"], true],
    ["application/x-python-serialize", ["json", "pickle"], true],
    ["application/x-python-serialize", ["json"], false],
    ["application/x-python-serialize", ["application/x-python-serialize"], true],
    ["text/plain", ["json"], false],
    // Never filtered.
    ["application/data", [], true],
    ["application/text", [], true],
  ])("%s with accept_content %o: %s", (contentType, accept, accepted) => {
    expect(isAccepted(contentType, accept)).toBe(accepted);
  });

  test("names the type and the setting", () => {
    expect(() => requireAccepted("application/x-yaml", ["json"], codecs)).toThrow(
      'Content of type yaml ("application/x-yaml") is refused: accept_content has json.',
    );
    expect(() => requireAccepted("a\nb", [], codecs)).toThrow(
      'Content of type "a\\nb" is refused: accept_content has nothing.',
    );
  });
});

describe("checkAccept", () => {
  test("finds names that nothing is known by", () => {
    checkAccept(["json", "application/x-anything"], codecs);
    expect(() => checkAccept(["json", "pikle"], codecs)).toThrow(/no serializer named "pikle"/);
    expect(() => checkAccept([], codecs)).toThrow(/accept_content is empty/);
  });
});
