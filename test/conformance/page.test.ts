/** docs/conformance.md says what is there. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LEVELS, loadSuite, MESSAGES, ROLES, STATUSES, TAGS } from "../../conformance/index.ts";

const page = readFileSync("docs/conformance.md", "utf8");
const { vectors } = loadSuite();

test.each([
  ["tag", Object.keys(TAGS).map((tag) => `{"${tag}":`)],
  ["result", Object.keys(STATUSES).map((status) => `\`${status}\``)],
  ["role", Object.keys(ROLES).map((role) => `\`${role}\``)],
  ["command", Object.keys(MESSAGES).map((command) => `"cmd":"${command}"`)],
])("it names every %s", (_, names) => {
  expect(names.filter((name) => !page.includes(name))).toEqual([]);
});

test("it names every feature that vectors need", () => {
  const features = new Set(vectors.flatMap((vector) => vector.features.map((name) => name.split(":")[0])));
  expect([...features].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test("it counts the vectors", () => {
  expect(page).toContain(`There are ${vectors.length} vectors so far`);
  for (const level of Object.keys(LEVELS)) {
    const count = vectors.filter((vector) => vector.level === level).length;
    expect(page).toMatch(new RegExp(`^\\| ${level} \\|.*\\| ${count} \\|$`, "m"));
  }
});
