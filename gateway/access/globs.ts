/** Lists of patterns for names: `*` stands for any characters, and `!` before a pattern takes away what it matches. */

/** Whether a name is in the list: one pattern matches it, and none with `!` does. Their order does not matter. */
export function globList(patterns: readonly string[]): (name: string) => boolean {
  const allowed = patterns.filter((pattern) => !pattern.startsWith("!")).map(toMatcher);
  const refused = patterns
    .filter((pattern) => pattern.startsWith("!"))
    .map((pattern) => toMatcher(pattern.slice(1)));
  return (name) => allowed.some((isMatch) => isMatch(name)) && !refused.some((isMatch) => isMatch(name));
}

/** Each part is looked for once, after the one before: the first place that fits is as good as any. */
function toMatcher(pattern: string): (name: string) => boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (name) => name === pattern;
  return (name) => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
      return false;
    const end = name.length - last.length;
    let at = first.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found === -1 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
