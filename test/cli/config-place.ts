/** Configuration files of tests, and `celerity config` in this process, as main.ts runs it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { vi } from "vitest";
import { configCommand } from "../../cli/commands/config.ts";
import { exitCodeOf } from "../../cli/exit-codes.ts";
import { toError } from "../../protocol/index.ts";
import { temporaryFolder } from "../helpers/services.ts";

/** The path of a file with this text. */
export async function configFile(text: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), "celerity.yaml");
  await writeFile(path, text);
  return path;
}

export interface Printed {
  readonly code: number;
  /** Standard output, error output and the message of an error. */
  readonly text: string;
}

export async function config(...args: readonly string[]): Promise<Printed> {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const printed = (): string => [...out.mock.calls, ...err.mock.calls].map(([text]) => String(text)).join("");
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await configCommand().parseAsync(args, { from: "user" });
    return { code: Number(process.exitCode), text: printed() };
  } catch (error) {
    return { code: exitCodeOf(error), text: printed() + toError(error).message };
  } finally {
    process.exitCode = before;
    out.mockRestore();
    err.mockRestore();
  }
}

/** What `check` prints of this text, without the file's name. */
export async function problemsOf(text: string | Uint8Array): Promise<readonly string[]> {
  const file = await configFile(text);
  const { code, text: printed } = await config("check", file);
  const lines = printed
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(file, "file"));
  return code === 0 ? lines.filter((line) => !line.endsWith("no problems.")) : lines;
}
