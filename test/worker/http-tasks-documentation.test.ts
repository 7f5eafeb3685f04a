import { expect, test } from "vitest";
import { HTTP_TASK_DEFAULTS } from "../../app/http-task-settings.ts";
import { pageText, runCommented } from "../helpers/documentation.ts";

test("the programs of the page print what stands beside them", async () => {
  expect(await runCommented("http-tasks.md")).toBe(2);
});

test("the page names all settings", () => {
  const text = pageText("http-tasks.md");
  const names = Object.keys(HTTP_TASK_DEFAULTS);
  expect(names.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
});
