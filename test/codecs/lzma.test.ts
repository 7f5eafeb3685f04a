import { lzmaCompressor } from "../../codecs/index.ts";
import { testCompressor } from "../../testing/compressor.ts";

testCompressor({ compressor: lzmaCompressor, readsConcatenated: true });
