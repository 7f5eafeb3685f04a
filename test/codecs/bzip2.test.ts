import { describe, expect, test } from "vitest";
import { findBzip2Ends } from "../../codecs/compression/bzip2-ends.ts";
import { bzip2Compressor } from "../../codecs/index.ts";
import { testCompressor } from "../../testing/compressor.ts";

testCompressor({ compressor: bzip2Compressor, readsConcatenated: true });

describe("findBzip2Ends", () => {
  /** The bits of a stream's end, moved right by so many. */
  const footer = (shift: number): Buffer => {
    const bits = 0x1772_4538_5090n << 32n;
    return Buffer.from((bits << BigInt(8 - shift)).toString(16).padStart(22, "0"), "hex");
  };

  test("finds an end at any bit, in order", () => {
    for (let shift = 0; shift < 8; shift++) {
      const end = shift === 0 ? 10 : 11;
      const body = footer(shift).subarray(0, end);
      expect(findBzip2Ends(body, 10), `shift ${shift}`).toEqual([end]);
      expect(findBzip2Ends(body.subarray(0, -1), 10), `shift ${shift}, cut`).toEqual([]);
      const several = Buffer.concat([body, Buffer.from("between"), footer(3), body]);
      expect(findBzip2Ends(several, 10)).toEqual([end, end + 7 + 11, 2 * end + 7 + 11]);
    }
  });

  test("takes no other bits for an end", () => {
    for (let bit = 0; bit < 48; bit++) {
      const body = footer(4);
      const at = (bit + 4) >> 3;
      body[at] = (body[at] ?? 0) ^ (0x80 >> ((bit + 4) & 7));
      expect(findBzip2Ends(body, 10), `bit ${bit}`).toEqual([]);
    }
  });

  test("gives up when there are too many", () => {
    const body = Buffer.concat(Array<Buffer>(11).fill(footer(0)));
    expect(findBzip2Ends(body, 11)).toHaveLength(11);
    expect(findBzip2Ends(body, 10)).toBeUndefined();
  });
});
