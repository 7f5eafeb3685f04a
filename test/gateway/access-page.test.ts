/** docs/access.md: its programs run, its tables name what there is. */
import { expect, it } from "vitest";
import { SCOPES } from "../../gateway/index.ts";
import { pageText, runCommented } from "../helpers/documentation.ts";

const page = pageText("access.md");

it("the programs print what they say", async () => {
  expect(await runCommented("access.md")).toBe(3);
});

it("the page names every scope", () => {
  expect(Object.keys(SCOPES).filter((scope) => !page.includes(`\`${scope}\``))).toEqual([]);
});

it("the record of the audit log is one", () => {
  const [, record = ""] = /```json\n(.*)\n```/.exec(page) ?? [];
  expect(Object.keys(JSON.parse(record) as object)).toEqual([
    ...["time", "request", "caller", "tenant", "address", "action", "sent", "outcome"],
  ]);
});
