/** The commands of docs/workflows-http.md, run as they are printed; the JSON below each is what its answer holds. */
import { expect, test } from "vitest";
import { DEFAULT_GATEWAY_LIMITS } from "../../gateway/index.ts";
import { pageText } from "../helpers/documentation.ts";
import { runCommands, startUp } from "./curl-page.ts";

const page = pageText("workflows-http.md");

test("the tour works as printed", async () => {
  const idOf = (output: string): string | undefined => /"id":"([^"]+)","root_id"/.exec(output)?.[1];
  const outputs = await runCommands(page, await startUp(), idOf);
  expect(outputs).toHaveLength(11);
  const graph = outputs.find((output) => output.startsWith("flowchart TD\n"));
  expect(graph).toMatch(/examples\.slow/);
});

test("a schedule that is put runs in the same process", async () => {
  const schedule = `${await startUp()}/v1/schedules/tick`;
  const body = JSON.stringify({ task: "examples.add", args: [2, 3], every: 2 });
  const headers = { "content-type": "application/json" };
  expect((await fetch(schedule, { method: "PUT", headers, body })).status).toBe(201);
  const runs = async (): Promise<unknown> => {
    const { total_runs: total } = (await (await fetch(schedule)).json()) as { total_runs: unknown };
    return total;
  };
  await expect.poll(runs, { timeout: 40_000, interval: 500 }).toBeGreaterThan(1);
});

test("the page names the limits", () => {
  const limits = Object.keys(DEFAULT_GATEWAY_LIMITS).filter((name) => name.startsWith("workflow"));
  expect(limits.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
