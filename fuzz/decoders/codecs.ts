import {
  builtinCompressors,
  builtinSerializers,
  type Compressor,
  createPickleSerializer,
  type Serializer,
} from "../../codecs/index.ts";
import { argsRepr } from "../../protocol/index.ts";
import { spell } from "../../testing/values.ts";
import { type Decoder, isDecodeError } from "./decoder.ts";
import { jsonWords, msgpackWords, pickleWords, yamlWords } from "./words.ts";

/** Small enough that an input which is blown up to it shows. */
const LIMITS = { maxBytes: 1024 * 1024, maxDepth: 200 };

const WORDS: Readonly<Record<string, Decoder["words"]>> = {
  json: jsonWords,
  yaml: yamlWords,
  msgpack: msgpackWords,
  pickle: pickleWords,
};

/** Serializers and compressors by their names, and pickle with classes allowed. */
export const codecDecoders: Readonly<Record<string, Decoder>> = {
  ...Object.fromEntries(builtinSerializers.map((serializer) => [serializer.name, ofSerializer(serializer)])),
  "pickle-classes": ofSerializer(createPickleSerializer({ allow: ["wire_app.*", "a.b"], exactFloats: true })),
  ...Object.fromEntries(builtinCompressors.map((compressor) => [compressor.name, ofCompressor(compressor)])),
};

/** What is read can be written, and is then read as the same: a task that is retried keeps its arguments. */
function ofSerializer(serializer: Serializer): Decoder {
  return {
    async decode(input) {
      const value = await serializer.deserialize(input, LIMITS);
      argsRepr([value]);
      const again = await serializer.deserialize(await serializer.serialize(value), {
        ...LIMITS,
        maxBytes: 16 * LIMITS.maxBytes,
      });
      if (JSON.stringify(spell(again)) !== JSON.stringify(spell(value)))
        throw new Error("What was read is another value once written and read again.");
    },
    isRefusal: isDecodeError,
    words: WORDS[serializer.name] ?? [],
  };
}

function ofCompressor(compressor: Compressor): Decoder {
  const samples = ["", "x", "[[], {}, {}]", "abc".repeat(1000)].map((text) => Buffer.from(text));
  return {
    async decode(input) {
      const bytes = await compressor.decompress(input, LIMITS.maxBytes);
      if (bytes.length > LIMITS.maxBytes) throw new Error("There are more bytes than the limit.");
    },
    isRefusal: isDecodeError,
    get seeds() {
      return samples.map(async (bytes) => await compressor.compress(bytes));
    },
  };
}
