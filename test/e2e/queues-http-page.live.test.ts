/** The commands of docs/queues-http.md, run as they are printed; the JSON below each is what its answer holds. */
import { expect, test } from "vitest";
import { DEFAULT_GATEWAY_LIMITS } from "../../gateway/index.ts";
import { pageText } from "../helpers/documentation.ts";
import { runCommands, startUp } from "./curl-page.ts";

const page = pageText("queues-http.md");

test("the tour works as printed", async () => {
  const idOf = (output: string): string | undefined =>
    /^\{"dead_letters":\[\{"id":"([^"]+)"/.exec(output)?.[1];
  expect(await runCommands(page, await startUp(), idOf)).toHaveLength(6);
});

test("the page names the limit", () => {
  expect(page).toContain(
    `the oldest ${DEFAULT_GATEWAY_LIMITS.deadLetters} are looked at (\`limits.deadLetters\`)`,
  );
});
