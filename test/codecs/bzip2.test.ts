import { bzip2Compressor } from "../../codecs/index.ts";
import { testCompressor } from "../../testing/compressor.ts";

testCompressor({ compressor: bzip2Compressor, readsConcatenated: true });
