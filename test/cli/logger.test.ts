/** The log of the command line: as text and JSON, on a terminal, in a pipe and in a file. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createLogger, usesColor } from "../../cli/logger.ts";
import { temporaryFolder } from "../helpers/services.ts";

const module = new URL("../../cli/logger.ts", import.meta.url).href;

/** A program that logs a line of each level. */
function program(format: string): string {
  return `
    const { createLogger } = await import(${JSON.stringify(module)});
    const logger = createLogger({ loglevel: "debug", logFormat: "${format}" });
    logger.debug({}, "first");
    logger.info({ task: "add", taskId: "a", state: "SUCCESS", runtimeMs: 5 }, "second");
    logger.warn({ err: new Error("broken\\n\\u001b[31m") }, "third\\nline");
    logger.fatal({}, "fourth");
    process.exit(0);
  `;
}

function node(format: string): readonly string[] {
  return ["--import", "tsx", "--input-type=module", "--eval", program(format)];
}

/** What the program prints on a terminal, with `<ESC>` for the escape character. */
async function onTerminal(env: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(`${folder}/log.mjs`, program("text"));
  const command = `exec ${process.execPath} --import ${import.meta.resolve("tsx")} ${folder}/log.mjs`;
  const terminal = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    env: { ...process.env, NO_COLOR: "", TERM: "xterm", ...env },
  });
  let output = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await once(terminal, "close");
  return output.replaceAll("\x1b", "<ESC>");
}

const STAMP = String.raw`\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}: `;

describe("text", () => {
  test("is a line for each, without colours in a pipe", () => {
    const { stderr, stdout } = spawnSync(process.execPath, node("text"), { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      new RegExp(
        `^${STAMP}DEBUG\\] first\n${STAMP}INFO\\] second\n` +
          `${STAMP}WARNING\\] third\\\\nline: broken\\\\n\\\\x1b\\[31m\n${STAMP}CRITICAL\\] fourth\n$`,
      ),
    );
  });

  // The options of `script`, which gives a command a terminal, are those of Linux.
  test.runIf(process.platform === "linux")(
    "has colours on a terminal, unless nobody wants them",
    async () => {
      const colored = await onTerminal({});
      expect(colored).toMatch(/<ESC>\[34m\[.*DEBUG\] first<ESC>\[0m/);
      expect(colored).toMatch(/^\[.*INFO\] second\r?$/m);
      expect(colored).toMatch(/<ESC>\[33m\[.*WARNING\] third.*<ESC>\[0m/);
      expect(colored).toMatch(/<ESC>\[35m\[.*CRITICAL\] fourth<ESC>\[0m/);
      for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
        const plain = await onTerminal(env);
        expect(plain).toContain("CRITICAL] fourth");
        expect(plain).not.toContain("<ESC>");
      }
    },
  );
});

test("JSON has the facts of a task in fields", () => {
  const { stderr } = spawnSync(process.execPath, node("json"), { encoding: "utf8" });
  const lines = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    { level: "DEBUG", msg: "first" },
    { level: "INFO", task: "add", taskId: "a", state: "SUCCESS", runtimeMs: 5, msg: "second" },
    { level: "WARNING", err: { type: "Error", message: "broken\n\u001b[31m" }, msg: "third\nline" },
    { level: "CRITICAL", msg: "fourth" },
  ]);
  expect(lines[0]?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there.
  expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
});

describe("a file", () => {
  test("is appended to, at once, from the level on, and never coloured", async () => {
    const file = `${await temporaryFolder()}/worker.log`;
    await writeFile(file, "before\n");
    const logger = createLogger({ loglevel: "warning", logFormat: "text", logfile: file });
    logger.info({}, "not said");
    logger.error({}, "said");
    expect(await readFile(file, "utf8")).toMatch(new RegExp(`^before\n${STAMP}ERROR\\] said\n$`));
  });

  test("that cannot be opened is said so", () => {
    const folder = fileURLToPath(new URL(".", import.meta.url));
    const open = (): unknown => createLogger({ loglevel: "info", logFormat: "json", logfile: folder });
    expect(open).toThrow(/--logfile\): EISDIR/);
  });
});

test.each([
  [{ isTTY: true }, {}, true],
  [{ isTTY: true }, { NO_COLOR: "" }, true],
  [{ isTTY: true }, { NO_COLOR: "1" }, false],
  [{ isTTY: true }, { TERM: "dumb" }, false],
  [{ isTTY: false }, {}, false],
  [{}, {}, false],
])("colours for %j with %j: %s", (stream, env, expected) => {
  expect(usesColor(stream, env)).toBe(expected);
});
