/** docs/conformance.md says what is there. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  LEVELS,
  loadSuite,
  MESSAGES,
  ROLES,
  SERVER_KINDS,
  STATUSES,
  TAGS,
  WORKER_USES,
} from "../../conformance/index.ts";

const page = readFileSync("docs/conformance.md", "utf8");
const { vectors } = loadSuite();
const scenarios = vectors.flatMap((vector) => (vector.command === "scenario" ? [vector] : []));

/** The names that a table of the page has in its first column. */
function namesOf(header: string): readonly string[] {
  const table = page.split(`\n| ${header} |`)[1]?.split("\n\n")[0] ?? "";
  const cells = table.split("\n").map((row) => /^\| ((?:[^|\\]|\\.)*)\|/.exec(row)?.[1] ?? "");
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
}

/** Different ones, in order. */
function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}

test.each([
  ["tag", Object.keys(TAGS).map((tag) => `{"${tag}":`)],
  ["result", Object.keys(STATUSES).map((status) => `\`${status}\``)],
  ["role", Object.keys(ROLES).map((role) => `\`${role}\``)],
  ["kind of server", SERVER_KINDS.map((kind) => `\`${kind}\``)],
  ["command", Object.keys(MESSAGES).map((command) => `"cmd":"${command}"`)],
])("it names every %s", (_, names) => {
  expect(names.filter((name) => !page.includes(name))).toEqual([]);
});

test("it names every feature that vectors need", () => {
  const needed = unique(vectors.flatMap(({ features }) => features.map((name) => name.split(":")[0] ?? "")));
  expect(unique(namesOf("feature"))).toEqual(unique([...needed, "brokers", "backends"]));
});

test("it names every step, worker and variable of scenarios", () => {
  const steps = new Set(namesOf("`do`"));
  const used = unique(scenarios.flatMap((scenario) => scenario.steps.map((step) => step.do)));
  expect(used.filter((name) => !steps.has(name))).toEqual([]);
  expect(namesOf("`worker`").filter((name) => name in WORKER_USES)).toEqual(Object.keys(WORKER_USES));
  const variables = new Set(namesOf("variable"));
  const given = unique(scenarios.flatMap(({ env = {} }) => Object.keys(env)));
  expect(given.filter((name) => !variables.has(name))).toEqual([]);
});

test("it has the standard tasks of Celery's adapter", () => {
  const source = readFileSync("conformance/adapters/python-celery/tasks.py", "utf8");
  const tasks = [...source.matchAll(/^@standard\("(\w+)"/gm)].map(([, name]) => `conf.${name}`);
  expect(
    namesOf("task")
      .map((task) => task.replace(/\(.*/, ""))
      .filter((name) => name.startsWith("conf.")),
  ).toEqual(tasks);
});

test("it names every option of run", () => {
  const source = readFileSync("cli/conformance/options.ts", "utf8");
  const options = [...source.matchAll(/"(?:-\w, )?(--[\w-]+) ?[^"]*"/g)].map(([, name = ""]) => name);
  expect(options.length).toBeGreaterThan(10);
  expect(options.filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});

// With a new vector it fails: what it expects is what the page must say.
test("it counts the vectors", () => {
  const levels = Object.entries(LEVELS).map(([level, about]) => {
    const count = vectors.filter((vector) => vector.level === level).length;
    return `| ${level} | ${about} | ${count} |`;
  });
  expect(page.split("\n").filter((line) => /^\| [A-Z]\d? \|/.test(line))).toEqual(levels);
  expect(/There are \d+ vectors so far/.exec(page)?.[0]).toBe(`There are ${vectors.length} vectors so far`);
});

test.each(["README.md", "CHANGELOG.md"])("%s counts them in hundreds", (file) => {
  const hundreds = Math.floor(vectors.length / 100) * 100;
  expect(/more than \d+ vectors/.exec(readFileSync(file, "utf8"))?.[0]).toBe(`more than ${hundreds} vectors`);
});
