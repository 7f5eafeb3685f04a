/** Pages whose `sh` blocks are run as they are printed, against a program of their own. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "vitest";
import { temporaryFolder } from "../helpers/services.ts";
import { startCelerity } from "./celerity.ts";

const shell = promisify(execFile);
const COMMAND = /```sh\n(curl [\s\S]*?)```(?:\n\n```(json|text)\n([\s\S]*?)```)?/g;
/** The address that pages are written with. */
const PRINTED = "http://127.0.0.1:8420";

/** What `npm start` starts, with a data folder of its own; resolves to its address. */
export async function startUp(): Promise<string> {
  const program = await startCelerity(["up", "--port", "0", "--data-dir", await temporaryFolder()]);
  await program.waitForOutput(/Ctrl-C/);
  return /http:\/\/[^\s/]+/.exec(program.output())?.[0] ?? "";
}

/**
 * Runs the commands of a page one after the other: an answer holds what is printed below its command, if anything is.
 * `idOf` finds what `THE-ID` stands for from then on. Resolves to the outputs.
 */
export async function runCommands(
  page: string,
  address: string,
  idOf: (output: string) => string | undefined,
): Promise<string[]> {
  const outputs: string[] = [];
  let id = "";
  for (const [, command = "", kind, printed = ""] of page.matchAll(COMMAND)) {
    const here = command.replaceAll(PRINTED, address).replaceAll("THE-ID", id);
    const { stdout } = await shell("/bin/sh", ["-c", here]);
    id = idOf(stdout) ?? id;
    const expected = printed.replaceAll("THE-ID", id);
    if (kind === "json") expect(JSON.parse(stdout), here).toMatchObject(JSON.parse(expected) as object);
    if (kind === "text") expect(stdout.trim(), here).toBe(expected.trim());
    outputs.push(stdout);
  }
  return outputs;
}
