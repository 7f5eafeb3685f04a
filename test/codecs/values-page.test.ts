/** The examples of docs/values.md, run as they are printed: each prints what stands in the comments beside it. */
import { expect, test } from "vitest";
import { runCommented } from "../helpers/documentation.ts";

test("every example prints what it says", async () => {
  expect(await runCommented("values.md")).toBeGreaterThan(5);
});
