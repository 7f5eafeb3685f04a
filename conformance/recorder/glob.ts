/**
 * Patterns of KEYS, SCAN and PSUBSCRIBE: `*`, `?`, `[a-z]`, `[^a]` and `\` before a letter that stands for itself. Goes back to
 * the last star only, so that no pattern takes longer than its length times the text's. Source: stringmatchlen() of Redis.
 */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  while (t < text.length) {
    const next = pattern.charAt(p) === "*" ? -1 : matchOne(pattern, p, text.charAt(t));
    if (next > 0) {
      p = next;
      t += 1;
    } else if (next < 0) {
      star = p;
      starText = t;
      p += 1;
    } else if (star >= 0) {
      starText += 1;
      t = starText;
      p = star + 1;
    } else return false;
  }
  while (pattern.charAt(p) === "*") p += 1;
  return p >= pattern.length;
}

/** Where the pattern goes on after the piece at `at` matched a character; 0 when it does not. */
function matchOne(pattern: string, at: number, character: string): number {
  switch (pattern.charAt(at)) {
    case "":
      return 0;
    case "?":
      return at + 1;
    case "[":
      return matchClass(pattern, at + 1, character);
    case "\\":
      if (at + 1 < pattern.length) return pattern.charAt(at + 1) === character ? at + 2 : 0;
      return character === "\\" ? at + 1 : 0;
    default:
      return pattern.charAt(at) === character ? at + 1 : 0;
  }
}

function matchClass(pattern: string, start: number, character: string): number {
  const isNegated = pattern.charAt(start) === "^";
  let at = isNegated ? start + 1 : start;
  let found = false;
  for (; at < pattern.length && pattern.charAt(at) !== "]"; at += 1) {
    if (pattern.charAt(at) === "\\" && at + 1 < pattern.length) {
      at += 1;
      found ||= pattern.charAt(at) === character;
    } else if (pattern.charAt(at + 1) === "-" && at + 2 < pattern.length) {
      const [from = "", to = ""] = [pattern.charAt(at), pattern.charAt(at + 2)].sort();
      found ||= character >= from && character <= to;
      at += 2;
    } else found ||= pattern.charAt(at) === character;
  }
  return found === isNegated ? 0 : Math.min(at + 1, pattern.length);
}
