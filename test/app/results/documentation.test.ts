/** The examples and commands of docs/results.md. */
import { expect, test } from "vitest";
import { graphCommand } from "../../../cli/commands/graph.ts";
import { resultCommand } from "../../../cli/commands/result.ts";
import { examples, pageText, runExample } from "../../helpers/documentation.ts";

const page = examples("results.md");

test("the page has examples", () => {
  expect(page).toHaveLength(3);
});

test.each(page)("prints what the page says: $output", async (example) => {
  expect(await runExample(example)).toBe(example.output);
});

test("the page shows every option of the commands, and no other", () => {
  const options = [resultCommand(), graphCommand()].flatMap(({ options }) => options.map(({ long }) => long));
  const own = options.filter((name) => !["--broker", "--result-backend", "--max-nodes"].includes(name ?? ""));
  const used = [...pageText("results.md").matchAll(/^celerity .*$/gm)].flatMap(
    ([line]) => line.match(/--[a-z-]+/g) ?? [],
  );
  expect(new Set(used)).toEqual(new Set(own));
});
