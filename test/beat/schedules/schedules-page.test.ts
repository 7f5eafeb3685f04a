/** The examples of docs/schedules.md, run as they are printed: each prints what stands in the comments beside it. */
import { expect, test } from "vitest";
import { parseSchedule, SOLAR_EVENTS } from "../../../beat/schedules/index.ts";
import { pageText, runCommented } from "../../helpers/documentation.ts";

const page = pageText("schedules.md");

test("every example prints what it says", { timeout: 60_000 }, async () => {
  expect(await runCommented("schedules.md")).toBeGreaterThan(5);
});

test("every schedule as JSON can be read", () => {
  const specs = [...page.matchAll(/`(\{"type".*?\})`/g)].map((match) => match[1] ?? "");
  expect(specs.map((spec) => JSON.parse(spec).type)).toEqual(["interval", "crontab", "solar", "clocked"]);
  for (const spec of specs) expect(parseSchedule(JSON.parse(spec)).toJSON()).toMatchObject(JSON.parse(spec));
});

test("every event of the sun is named", () => {
  for (const event of SOLAR_EVENTS) expect(page).toContain(`\`${event}\``);
});
