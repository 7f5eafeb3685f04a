import { brotliCompressor } from "../../codecs/index.ts";
import { testCompressor } from "../../testing/compressor.ts";

testCompressor({ compressor: brotliCompressor });
