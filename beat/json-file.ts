/** JSON files that another process may read at any time. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigurationError, toError } from "../protocol/index.ts";

/** The file's text; undefined when there is none. Throws ConfigurationError. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new ConfigurationError(`The file ${path} cannot be read: ${toError(error).message}.`, {
      cause: error,
    });
  }
}

/** undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A reader sees the old file or the new one, never a part. Throws ConfigurationError. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const next = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(next, `${JSON.stringify(value, null, 1)}\n`, { mode: 0o600 });
    await rename(next, path);
  } catch (error) {
    throw new ConfigurationError(`The file ${path} cannot be written: ${toError(error).message}.`, {
      cause: error,
    });
  }
}
