import { expect, test } from "vitest";
import { celeryName, DEFAULT_SETTINGS } from "../../app/index.ts";
import { examples, pageText, runExample } from "../helpers/documentation.ts";

const page = examples("beat.md");

test("the page has examples", () => {
  expect(page).toHaveLength(2);
});

test.each(page)("prints what the page says: $output", async (example) => {
  expect(await runExample(example)).toBe(example.output);
});

test("names all settings of beat", () => {
  const settings = Object.keys(DEFAULT_SETTINGS).filter((name) => celeryName(name).startsWith("beat_"));
  expect(settings.filter((name) => !pageText("beat.md").includes(`\`${name}\``))).toEqual([]);
  expect(settings).toHaveLength(7);
});
