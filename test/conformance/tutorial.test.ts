/** docs/conformance-tutorial.md, from its first file to its last command. */
import { symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { shellQuote } from "../../conformance/index.ts";
import { program } from "../e2e/celerity.ts";
import { commandsOf, pageText } from "../helpers/documentation.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { runProgram } from "./program.ts";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
/** A file, which its first line names, or commands. */
const BLOCK = /^```(js|console)?\n([\s\S]*?)^```$/gm;
const NAME = /^(?:\/\/|#) ([\w.-]+)/;

/** Both outputs as a terminal shows them. */
async function inShell(folder: string, command: string): Promise<string> {
  const celerity = `${shellQuote(process.execPath)} ${shellQuote(program)}`;
  const line = command.replace(/^npx celerity/, () => celerity);
  const { stdout } = await runProgram("sh", ["-c", `cd ${shellQuote(folder)} && { ${line}; } 2>&1`]);
  return stdout;
}

/** Scenarios end in any order. */
function sorted(text: string): readonly string[] {
  return text.split("\n").toSorted();
}

test("it works as printed", async () => {
  const folder = await temporaryFolder();
  symlinkSync(modules, `${folder}/node_modules`);
  let commands = 0;
  for (const [, kind, text = ""] of pageText("conformance-tutorial.md").matchAll(BLOCK)) {
    if (kind !== "console") {
      const name = NAME.exec(text)?.[1];
      expect(name, text).toBeDefined();
      writeFileSync(`${folder}/${name}`, text);
      continue;
    }
    for (const { command, output } of commandsOf(text)) {
      commands += 1;
      expect(sorted(await inShell(folder, command)), command).toEqual(sorted(output));
    }
  }
  expect(commands).toBe(10);
}, 300_000);
