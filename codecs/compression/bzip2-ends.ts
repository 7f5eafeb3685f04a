/** The 48 bits that a bzip2 stream ends with, before its checksum. */
const MAGIC = 0x1772_4538_5090n;
/** Bytes from the first of these bits to the end of a stream: 48 bits, 32 of the checksum, and up to 7 to fill a byte. */
const FOOTER_BITS = 80;

/**
 * Where bzip2 streams may end: after every place with the bits of their end, which stand at any bit. Data has them by
 * chance once in 2^48 bits. undefined when there are more than `maxEnds`.
 */
export function findBzip2Ends(bytes: Buffer, maxEnds: number): number[] | undefined {
  const ends: number[] = [];
  let found = 0;
  for (let shift = 0; shift < 8; shift++) {
    const pattern = Buffer.alloc(8);
    pattern.writeBigUInt64BE(MAGIC << BigInt(16 - shift));
    // The five whole bytes in the middle can be searched; the bits around them are compared then.
    const middle = pattern.subarray(1, 6);
    for (let at = bytes.indexOf(middle); at !== -1; at = bytes.indexOf(middle, at + 1)) {
      if (++found > maxEnds) return undefined;
      const first = (bytes[at - 1] ?? 0) & (0xff >> shift);
      const last = (bytes[at + middle.length] ?? 0) & ~(0xff >> shift);
      const end = at - 1 + Math.ceil((shift + FOOTER_BITS) / 8);
      if (first === pattern[0] && last === pattern[6] && end <= bytes.byteLength) ends.push(end);
    }
  }
  return ends.sort((left, right) => left - right);
}
