/** The commands of docs/sending-http.md, run as they are printed. */
import { expect, test } from "vitest";
import { pageText } from "../helpers/documentation.ts";
import { runCommands, startUp } from "./curl-page.ts";

test("the page works as printed", async () => {
  const idOf = (output: string): string | undefined => /"id":"([^"]+)"/.exec(output)?.[1];
  expect(await runCommands(pageText("sending-http.md"), await startUp(), idOf)).toHaveLength(11);
});
