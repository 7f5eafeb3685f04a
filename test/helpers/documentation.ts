/** Examples of the documentation: TypeScript, and below it what it prints. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished } from "vitest";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

const EXAMPLE = /```ts\n([\s\S]*?)```\n\n```\n([\s\S]*?)```/g;

/** A block of code and the text that it prints. */
export interface Example {
  readonly code: string;
  readonly output: string;
}

/** The examples of a page in docs/. */
export function examples(page: string): Example[] {
  return [...pageText(page).matchAll(EXAMPLE)].map(([, code = "", output = ""]) => ({ code, output }));
}

/** The text of a page in docs/. */
export function pageText(page: string): string {
  return readFileSync(fileURLToPath(new URL(`../../docs/${page}`, import.meta.url)), "utf8");
}

/** A command of a terminal, and the text that it prints. */
export interface Command {
  readonly command: string;
  readonly output: string;
}

/** The commands of a `console` block: each begins with `$ ` and is followed by what it prints. */
export function commandsOf(block: string): Command[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((entry) => {
      const end = entry.indexOf("\n");
      return { command: entry.slice(0, end), output: entry.slice(end + 1) };
    });
}

/**
 * Runs each `ts` block of a page in docs/ as a program of its own against the sources: it prints what stands in the comments
 * beside its `console.log` calls. Resolves to the number of programs.
 */
export async function runCommented(page: string): Promise<number> {
  const programs = [...pageText(page).matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  // In the project, where the packages are found.
  const folder = await mkdtemp(join(root, "node_modules", ".celerity-examples-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const runs = programs.map(async (program, index) => {
    const file = join(folder, `example-${index}.mts`);
    const entry = (_: string, path = ""): string => `from ${JSON.stringify(join(root, path, "index.ts"))}`;
    await writeFile(file, program.replace(/from "celerity(\/\w+)?"/g, entry));
    const { stdout } = await execute(process.execPath, ["--import", "tsx", file], { cwd: root });
    const promised = [...program.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map((match) => match[1]);
    expect(promised.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split("\n"), program).toEqual(promised);
  });
  await Promise.all(runs);
  return runs.length;
}

/** Runs an example against the sources; resolves to what it prints. */
export async function runExample({ code }: Example): Promise<string> {
  const printed: string[] = [];
  const modules: Record<string, unknown> = {
    "celerity/app": await import("../../app/index.ts"),
    "celerity/beat": await import("../../beat/index.ts"),
    "celerity/protocol": await import("../../protocol/index.ts"),
    "celerity/worker": await import("../../worker/index.ts"),
    "celerity/signing": await import("../../signing/index.ts"),
    "node:crypto": await import("node:crypto"),
  };
  const script = code.replaceAll(/import (\{[^}]+\}) from ("[^"]+");/g, "const $1 = modules[$2];");
  // The only way to a function of text that may await; it has no name of its own.
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
  const log = (...values: unknown[]) => printed.push(`${values.join(" ")}\n`);
  await new AsyncFunction("modules", "console", script)(modules, { log });
  return printed.join("");
}
