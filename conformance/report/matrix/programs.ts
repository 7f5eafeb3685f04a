/** Programs that manifests of adapters name. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import type { ProgramWords } from "./manifest.ts";

/** Programs that stand for another one: `python` is the Python that has the newest Celery. */
export type Programs = Readonly<Record<string, string>>;

/** A command with its program replaced, when it is one of those. */
export function withPrograms([program, ...args]: ProgramWords, programs: Programs): ProgramWords {
  return [Object.hasOwn(programs, program) ? (programs[program] ?? program) : program, ...args];
}

/** Those that this machine does not have. */
export function missingPrograms(needs: readonly string[], programs: Programs): readonly string[] {
  return needs.filter((need) => !isThere(withPrograms([need], programs)[0]));
}

function isThere(program: string): boolean {
  if (isAbsolute(program)) return isProgram(program);
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => isProgram(join(folder, program)));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
