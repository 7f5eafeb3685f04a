import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/security.md", root), "utf8");
const rows = [...page.matchAll(/^\| (B\d+) \|.*\| `([^`]+)`: (.+) \|$/gm)].map(
  ([, row = "", file = "", title = ""]) => [row, file, title] as const,
);

/** Rows about what comes in over HTTP, and what the gateway calls. */
const ROWS = [
  ...Array.from({ length: 23 }, (_, at) => at + 1),
  ...[31, 32, 33, 34, 35, 36, 37, 39, 40, 41, 42, 45],
].map((row) => `B${row}`);

describe("docs/security.md", () => {
  it("has a line for every row, and a test for every line", () => {
    expect([...new Set(rows.map(([row]) => row))]).toEqual(ROWS);
    expect(rows).toHaveLength(page.match(/^\| B\d/gm)?.length ?? 0);
  });

  it.each(rows)("%s is shown by %s: %s", (_row, file, title) => {
    expect(readFileSync(new URL(file, root), "utf8")).toContain(title);
  });
});
