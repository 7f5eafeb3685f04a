/** The commands of docs/workflows-http.md, run as they are printed; the JSON below each is what its answer holds. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { DEFAULT_GATEWAY_LIMITS } from "../../gateway/index.ts";
import { pageText } from "../helpers/documentation.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { startCelerity } from "./celerity.ts";

const shell = promisify(execFile);
const COMMAND = /```sh\n(curl [\s\S]*?)```(?:\n\n```json\n([\s\S]*?)```)?/g;
const page = pageText("workflows-http.md");

/** What `npm start` starts, with a data folder of its own; resolves to its address. */
async function start(): Promise<string> {
  const program = await startCelerity(["up", "--port", "0", "--data-dir", await temporaryFolder()]);
  await program.waitForOutput(/Ctrl-C/);
  return /http:\/\/[^\s/]+/.exec(program.output())?.[0] ?? "";
}

test("the tour works as printed", async () => {
  const address = await start();
  const commands = [...page.matchAll(COMMAND)];
  expect(commands).toHaveLength(11);
  let id = "";
  for (const [, command = "", expected] of commands) {
    const here = command.replaceAll("http://127.0.0.1:8420", address).replaceAll("THE-ID", id);
    const { stdout } = await shell("/bin/sh", ["-c", here]);
    id = /"id":"([^"]+)","root_id"/.exec(stdout)?.[1] ?? id;
    if (expected !== undefined)
      expect(JSON.parse(stdout), here).toMatchObject(JSON.parse(expected) as object);
    else if (here.includes("mermaid")) expect(stdout).toMatch(/^flowchart TD\n[\s\S]*examples\.slow/);
    else expect(stdout).toBe("");
  }
});

test("a schedule that is put runs in the same process", async () => {
  const schedule = `${await start()}/v1/schedules/tick`;
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
