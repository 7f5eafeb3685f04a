/** The README's commands, run as they are printed. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/services.ts";
import { startCelerity } from "./celerity.ts";

const shell = promisify(execFile);

/** The shell commands of the README that ask the local gateway, in order; continued lines are one command. */
function curlCommands(): string[] {
  const readme = readFileSync("README.md", "utf8");
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  return blocks
    .flatMap((block) => block.replaceAll("\\\n", "").split("\n"))
    .filter((line) => line.startsWith("curl "));
}

test("the five-minute tour works as printed", async () => {
  const program = await startCelerity(["up", "--port", "0", "--data-dir", await temporaryFolder()]);
  await program.waitForOutput(/Ctrl-C/);
  const address = /http:\/\/[^\s/]+/.exec(program.output())?.[0] ?? "";
  let taskId = "";
  const answers: string[] = [];
  for (const command of curlCommands()) {
    const here = command.replaceAll("http://127.0.0.1:8420", address).replaceAll("THE-ID", taskId);
    const { stdout } = await shell("/bin/sh", ["-c", here]);
    taskId = /"id":"([^"]+)"/.exec(stdout)?.[1] ?? taskId;
    answers.push(stdout);
  }
  const [waited = "", accepted = "", asked = "", streamed = ""] = answers;
  expect(JSON.parse(waited)).toMatchObject({ task: "examples.add", state: "SUCCESS", result: 5 });
  expect(accepted).toMatch(/^HTTP\/1.1 202 Accepted\r\n/);
  expect(JSON.parse(asked)).toMatchObject({ id: taskId, task: "examples.slow" });
  expect(streamed).toMatch(/event: end/);
  expect(streamed).toContain('"waited 5 s"');
});
