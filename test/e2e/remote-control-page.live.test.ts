/** The examples of docs/remote-control.md, run as they are printed, against the workers that the page starts. */
import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { cleanUp } from "../../testing/clean-up.ts";
import { COMMANDS } from "../../worker/control/commands.ts";
import { commandsOf, examples, pageText, runExample } from "../helpers/documentation.ts";
import { pythonEnvironment, requirePython } from "../helpers/python-environment.ts";
import { redisUrl, temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";
import { program } from "./celerity.ts";
import { POLL } from "./matrix-cell.ts";

const page = pageText("remote-control.md");
const library = pathToFileURL(program.replace("cli/main.js", "index.js")).href;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** The first block of a language. */
function block(language: string): string {
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? "";
}

/** Commands of the page's terminals, in their order, and what each prints. */
const commands = [...page.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, terminal = ""]) =>
  commandsOf(terminal),
);

describe("docs/remote-control.md", () => {
  let folder: string;
  let broker: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    [folder, broker] = await Promise.all([temporaryFolder(), redisUrl()]);
    await writeFile(`${folder}/package.json`, '{"type": "module"}');
    await writeFile(`${folder}/tasks.js`, block("js").replace('"celerity"', JSON.stringify(library)));
    await addProgram("celerity", `"${process.execPath}" "${program}"`);
    env = {
      ...pythonEnvironment(),
      PATH: `${folder}:${process.env["PATH"]}`,
      CELERY_BROKER_URL: broker,
    };
    await Promise.all(block("sh").trim().split("\n").map(startWorker));
  });

  /** A name for a command line, for the page's terminals. */
  async function addProgram(name: string, line: string): Promise<void> {
    await writeFile(`${folder}/${name}`, `#!/bin/sh\nexec ${line} "$@"\n`);
    await chmod(`${folder}/${name}`, 0o755);
  }

  async function startWorker(line: string): Promise<void> {
    const worker = new GuardedProcess({
      command: "/bin/sh",
      args: ["-c", `exec ${line}`],
      folder: await temporaryFolder(),
      stopSignal: "SIGTERM",
      cwd: folder,
      env,
    });
    cleanUp(() => worker.stop());
    await worker.waitForOutput(/ ready\./);
  }

  /** What a command prints; ids are unlike each time. */
  const printed = (command: string): Promise<string> =>
    new Promise((resolve) => {
      execFile("/bin/sh", ["-c", command], { cwd: folder, env }, (_, stdout, stderr) =>
        resolve(`${stdout}${stderr}`.replaceAll(UUID, "ID")),
      );
    });

  /** On a busy machine an answer may come too late for the command; none of these does harm when it is said again. */
  const expectPrinted = (command: string, output: string): Promise<void> =>
    expect.poll(() => printed(command), { ...POLL, message: command }).toBe(output.replaceAll(UUID, "ID"));

  test("the terminals print what the page says", async () => {
    const ours = commands.filter(({ command }) => command.startsWith("celerity "));
    expect(ours.length).toBeGreaterThan(10);
    for (const { command, output } of ours) await expectPrinted(command, output);
  });

  test("Python's command line and client get what the page says", async () => {
    await addProgram("celery", `"${requirePython("latest")}" -m celery`);
    const theirs = commands.filter(({ command }) => command.startsWith("celery "));
    expect(theirs.length).toBeGreaterThan(1);
    for (const { command, output } of theirs) await expectPrinted(command, output);
    const [, code = "", output = ""] = /```python\n([\s\S]*?)```\n\n```\n([\s\S]*?)```/.exec(page) ?? [];
    await addProgram("python", `"${requirePython("latest")}"`);
    await writeFile(`${folder}/ask.py`, code.replace("redis://localhost", broker));
    await expectPrinted("python ask.py", output);
  });
});

test.each(examples("remote-control.md"))("the code prints what the page says", async (example) => {
  expect(await runExample(example)).toBe(example.output);
});

test("the page has every command", () => {
  expect(Object.keys(COMMANDS).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  expect(examples("remote-control.md")).toHaveLength(1);
});
