/** Which bytes two texts do not share. */

/**
 * For each byte of each text whether it is missing in the other, where both are laid beside each other so that as much as
 * can be is the same: a space that only one has does not make all that follows differ. Takes time and memory with the
 * product of the lengths; dumps have 512 bytes.
 */
export function unshared(
  one: readonly string[],
  other: readonly string[],
): readonly [ofOne: readonly boolean[], ofOther: readonly boolean[]] {
  const common = commonLengths(one, other);
  const [ofOne, ofOther] = [one.map(() => true), other.map(() => true)];
  for (let at = 0, otherAt = 0; at < one.length && otherAt < other.length; ) {
    if (one[at] === other[otherAt]) {
      ofOne[at++] = false;
      ofOther[otherAt++] = false;
    } else if (common(at + 1, otherAt) >= common(at, otherAt + 1)) at++;
    else otherAt++;
  }
  return [ofOne, ofOther];
}

/** How many bytes, in order, the rests of both texts from two places on have in common. */
function commonLengths(
  one: readonly string[],
  other: readonly string[],
): (at: number, otherAt: number) => number {
  const width = other.length + 1;
  const lengths = new Uint16Array((one.length + 1) * width);
  const common = (at: number, otherAt: number): number => lengths[at * width + otherAt] ?? 0;
  for (let at = one.length - 1; at >= 0; at--) {
    for (let otherAt = other.length - 1; otherAt >= 0; otherAt--) {
      lengths[at * width + otherAt] =
        one[at] === other[otherAt]
          ? common(at + 1, otherAt + 1) + 1
          : Math.max(common(at + 1, otherAt), common(at, otherAt + 1));
    }
  }
  return common;
}
