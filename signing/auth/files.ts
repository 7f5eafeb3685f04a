/** Keys and certificates from the file system, with errors that name the setting. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, toError } from "../../protocol/errors.ts";
import { globSync } from "../glob.ts";

/** The files that a setting names, sorted: a file, all files of a directory but hidden ones, or a glob pattern. */
export function listFiles(setting: string, path: string): string[] {
  return attempt(setting, path, () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile()) return [path];
    if (found === undefined && !/[*?[]/.test(path)) throw new RangeError("it does not exist");
    const names = found?.isDirectory()
      ? readdirSync(path)
          .filter((name) => !name.startsWith("."))
          .map((name) => join(path, name))
      : globSync(path, PYTHON_GLOB);
    return names.filter((name) => statSync(name, { throwIfNoEntry: false })?.isFile()).sort();
  });
}

/** Python's glob.glob knows `*`, `?` and `[...]`. */
const PYTHON_GLOB = {
  absolute: true,
  expandDirectories: false,
  braceExpansion: false,
  extglob: false,
  globstar: false,
} as const;

/** Reads a file and what is in it. Throws ConfigurationError for what `parse` throws: the end of a sentence about the file. */
export function readFileAs<T>(setting: string, path: string, parse: (bytes: Buffer) => T): T {
  return attempt(setting, path, () => parse(readFileSync(path)));
}

function attempt<T>(setting: string, path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const problem = toError(error).message;
    throw new ConfigurationError(`${setting}: ${path} cannot be used: ${problem}.`, { cause: error });
  }
}
