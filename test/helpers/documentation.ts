/** Examples of the documentation: TypeScript, and below it what it prints. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

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
