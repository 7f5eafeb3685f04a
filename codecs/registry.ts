/** The serializers and compressors that an application knows. Nothing is global: sets are handed in. */
import { ConfigurationError } from "../protocol/errors.ts";
import { brotliCompressor } from "./brotli.ts";
import { bzip2Compressor } from "./bzip2.ts";
import { createJsonSerializer, jsonSerializer } from "./json.ts";
import { lzmaCompressor } from "./lzma.ts";
import { createMsgpackSerializer, msgpackSerializer } from "./msgpack.ts";
import { createPickleSerializer, pickleSerializer } from "./pickle/index.ts";
import type { Compressor, Serializer } from "./serializer.ts";
import { createYamlSerializer, yamlSerializer } from "./yaml.ts";
import { zlibCompressor } from "./zlib.ts";
import { zstdCompressor } from "./zstd.ts";

/** What every application knows. To know more: `createCodecs({ add: [mine] })`. */
export const builtinSerializers: readonly Serializer[] = [
  jsonSerializer,
  msgpackSerializer,
  yamlSerializer,
  pickleSerializer,
];
/** The same with a Float for every float without a fraction. */
const exactSerializers: readonly Serializer[] = [
  createJsonSerializer({ exactFloats: true }),
  createMsgpackSerializer({ exactFloats: true }),
  createYamlSerializer({ exactFloats: true }),
  createPickleSerializer({ exactFloats: true }),
];

/** What every application knows. The packages that lzma and zstd need are loaded when first used, and named when missing. */
export const builtinCompressors: readonly Compressor[] = [
  zlibCompressor,
  bzip2Compressor,
  brotliCompressor,
  lzmaCompressor,
  zstdCompressor,
];

/** Look-ups by kombu's names and MIME types. */
export interface Codecs {
  /** By name or MIME type. Throws ConfigurationError when it is not known. */
  serializer(name: string): Serializer;
  /** By name, alias or MIME type. Throws ConfigurationError when it is not known. */
  compressor(name: string): Compressor;
  /** By MIME type, for a received message. */
  serializerOf(contentType: string): Serializer | undefined;
  /** By MIME type, name or alias, all of which kombu takes in the `compression` header. */
  compressorOf(compression: string): Compressor | undefined;
  /** The MIME type of a serializer's name; undefined when the name is not known. */
  contentTypeOf(name: string): string | undefined;
}

/** Where two have the same name or MIME type, the last one counts. */
export interface CodecsOptions {
  /** Default: {@link builtinSerializers}. */
  readonly serializers?: readonly Serializer[];
  /** Default: {@link builtinCompressors}. */
  readonly compressors?: readonly Compressor[];
  /** Whether the built-in serializers read a float without a fraction as a Float. Default: false. */
  readonly exactFloats?: boolean;
  /** More of either kind. */
  readonly add?: readonly (Serializer | Compressor)[];
}

export function createCodecs(options: CodecsOptions = {}): Codecs {
  const { add = [] } = options;
  const builtin = options.exactFloats === true ? exactSerializers : builtinSerializers;
  const serializers = [...(options.serializers ?? builtin), ...add.filter(isSerializer)];
  const compressors = [...(options.compressors ?? builtinCompressors), ...add.filter(isCompressor)];
  const byName = new Map(serializers.map((serializer) => [serializer.name, serializer]));
  const byType = new Map(serializers.map((serializer) => [serializer.contentType, serializer]));
  const compressorNames = new Map(
    compressors.flatMap((compressor) =>
      [compressor.name, ...compressor.aliases, compressor.contentType].map((name) => [name, compressor]),
    ),
  );
  return {
    serializer(name) {
      return byName.get(name) ?? byType.get(name) ?? fail("serializer", name, byName.keys());
    },
    compressor(name) {
      return compressorNames.get(name) ?? fail("compression", name, compressorNames.keys());
    },
    serializerOf: (contentType) => byType.get(contentType),
    compressorOf: (compression) => compressorNames.get(compression),
    contentTypeOf: (name) => byName.get(name)?.contentType,
  };
}

function isSerializer(codec: Serializer | Compressor): codec is Serializer {
  return "serialize" in codec;
}

function isCompressor(codec: Serializer | Compressor): codec is Compressor {
  return "compress" in codec;
}

function fail(kind: string, name: string, known: Iterable<string>): never {
  throw new ConfigurationError(`There is no ${kind} named "${name}"; known are ${[...known].join(", ")}.`);
}
