/** Patterns of ids: `decode.*.json.plain`, `encode.**`. A star is what one part may be, two are any parts. */

/** Whether an id fits a pattern. */
export function matchesId(pattern: string, id: string): boolean {
  return matchParts(pattern.split("."), id.split("."));
}

/** Whether an id fits one of the patterns. */
export function matchesAny(patterns: readonly string[], id: string): boolean {
  return patterns.some((pattern) => matchesId(pattern, id));
}

function matchParts(patterns: readonly string[], parts: readonly string[]): boolean {
  const [pattern, ...rest] = patterns;
  if (pattern === undefined) return parts.length === 0;
  if (pattern === "**") {
    const starts = Array.from({ length: parts.length + 1 }, (_, at) => at);
    return starts.some((at) => matchParts(rest, parts.slice(at)));
  }
  const [part, ...others] = parts;
  return part !== undefined && matchPart(pattern, part) && matchParts(rest, others);
}

/** Stars in a part stand for any characters of it. */
function matchPart(pattern: string, part: string): boolean {
  const [first = "", ...pieces] = pattern.split("*");
  const last = pieces.pop();
  if (last === undefined) return part === first;
  if (!part.startsWith(first) || part.length < first.length + last.length || !part.endsWith(last))
    return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = part.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= part.length - last.length;
}
